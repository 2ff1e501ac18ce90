-- Generations: beginning a new one refuses all commands; it is filled from the `open` topic, and then answers them.

local function begin_generation(keys, args)
  redis.call('HDEL', keys[1] .. ':meta', 'gen', 'run')
  redis.call('HSET', keys[1] .. ':meta', 'filling', args[1])
  return { 'ok' }
end

local RESTORED = { connecting = 'assigned', assigned = 'assigned', wrapping = 'wrapping' }

-- One contact as the `open` topic has it; `known` ids that have ended are remembered as ended.
local function restore(keys, args)
  local d = keys[1]
  if redis.call('HGET', d .. ':meta', 'filling') ~= args[1] then
    return redis.error_reply('STALE another generation is being filled')
  end
  local c = { d = d, now = now_ms(d), gen = tonumber(args[1]), last = '' }
  local id, state, agent_id = args[2], args[19], args[21]
  local key = ck(c, id)
  if redis.call('EXISTS', key) == 1 then return { 'known' } end
  if FINISHED[state] then
    redis.call('HSET', key, 'state', state, 'epoch', '0')
    redis.call('PEXPIRE', key, KEEP_FINISHED)
    return { 'ok' }
  end
  local had = agent_id ~= '' and RESTORED[state]
  redis.call('HSET', key, 'state', had or 'waiting', 'sig', args[3], 'turn', args[4], 'arr', args[5],
    'queue', args[6], 'ch', args[7], 'pref', args[8], 'body', args[9], 'priority', args[10], 'kind', args[11],
    'from', args[12], 'dwell', args[13], 'steps', args[14], 'step', args[15], 'wrap', args[16],
    'tells', args[17], 'own', args[18],
    'epoch', had and args[20] or int(c.gen * EPOCHS + 1), 'agent', had and agent_id or '',
    'accepted', had and args[22] or '')
  local r = contact(c, id)
  if had then
    local A = agent(c, agent_id)
    take_item(c, A, r)
    redis.call('SADD', c.d .. ':agents', A.id)
    deadline(c, 'p:' .. A.id, c.now + PRESENCE_MS)
    if had == 'wrapping' then
      local _, ms = wrap_of(r)
      redis.call('HSET', key, 'until', int(c.now + (ms or 0)), 'since', int(c.now))
      deadline(c, 'w:' .. id, c.now + (ms or 0))
    end
  else
    count_in(c, r)
    line_up(c, r)
    arm_step(c, r)
  end
  return { 'ok' }
end

-- The store is filled: from here on it answers.
local function open_generation(keys, args)
  local meta = keys[1] .. ':meta'
  if redis.call('HGET', meta, 'filling') ~= args[1] then
    return redis.error_reply('STALE another generation is being filled')
  end
  redis.call('HSET', meta, 'gen', args[1], 'run', args[2])
  redis.call('HDEL', meta, 'filling')
  return { 'ok' }
end
