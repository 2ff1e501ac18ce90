-- Generations: beginning a new one refuses all commands; it is filled from the `open` topic, and then answers them.

local function begin_generation(keys, args)
  redis.call('HDEL', keys[1] .. ':meta', 'gen', 'run')
  redis.call('HSET', keys[1] .. ':meta', 'filling', args[1])
  return { 'ok' }
end

-- One contact as the `open` topic has it; `known` ids that have ended are remembered as ended.
local function restore(keys, args)
  local d = keys[1]
  if redis.call('HGET', d .. ':meta', 'filling') ~= args[1] then
    return redis.error_reply('STALE another generation is being filled')
  end
  local c = { d = d, now = now_ms(d), gen = tonumber(args[1]), last = '' }
  local id, state, agent_id = args[2], args[11], args[13]
  local key = ck(c, id)
  if redis.call('EXISTS', key) == 1 then return { 'known' } end
  if FINISHED[state] then
    redis.call('HSET', key, 'state', state, 'epoch', '0')
    redis.call('PEXPIRE', key, KEEP_FINISHED)
    return { 'ok' }
  end
  local held = HELD[state] and agent_id ~= ''
  local r = { id = id, sig = args[3], turn = tonumber(args[4]), arr = tonumber(args[5]), queue = args[6],
    ch = args[7], pref = args[8] ~= '' and args[8] or nil }
  redis.call('HSET', key, 'state', held and 'assigned' or 'waiting', 'sig', r.sig, 'turn', args[4], 'arr', args[5],
    'queue', r.queue, 'ch', r.ch, 'pref', args[8], 'body', args[9], 'priority', args[10],
    'epoch', held and args[12] or int(c.gen * EPOCHS + 1), 'agent', held and agent_id or '',
    'accepted', held and args[14] or '')
  if held then
    local A = agent(c, agent_id)
    take_item(c, A, id, COST[r.ch])
    deadline(c, 'p:' .. A.id, c.now + PRESENCE_MS)
  else
    count_in(c, r)
    line_up(c, r)
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

redis.register_function('enqueue_' .. VERSION, enqueue)
redis.register_function('accept_' .. VERSION, accept)
redis.register_function('connected_' .. VERSION, connected)
redis.register_function('decline_' .. VERSION, decline)
redis.register_function('requeue_' .. VERSION, requeue)
redis.register_function('complete_' .. VERSION, complete)
redis.register_function('cancel_' .. VERSION, cancel)
redis.register_function('purge_' .. VERSION, purge)
redis.register_function('pull_' .. VERSION, pull)
redis.register_function('stop_waiting_' .. VERSION, stop_waiting)
redis.register_function('presence_' .. VERSION, presence)
redis.register_function('expire_' .. VERSION, expire)
redis.register_function('begin_generation_' .. VERSION, begin_generation)
redis.register_function('restore_' .. VERSION, restore)
redis.register_function('open_generation_' .. VERSION, open_generation)
