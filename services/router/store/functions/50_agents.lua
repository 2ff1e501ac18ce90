-- The commands of agents: pulling, presence, and what time does.

local function learn(c, A, cap, channels, skills, words)
  local profile = channels .. '#' .. skills
  if A.profile == profile and A.cap == tonumber(cap) and A.terms == words then return false end
  A.profile, A.cap, A.terms = profile, tonumber(cap), words
  redis.call('HSET', ak(c, A.id), 'profile', profile, 'cap', cap, 'terms', words)
  redis.call('SADD', c.d .. ':agents', A.id)
  return true
end

local function offer_of(c, r)
  local extra = redis.call('HMGET', ck(c, r.id), 'expires', 'body', 'priority', 'why')
  return { 'offer', r.id, int(r.epoch), extra[1], int(waited(c, r)), r.queue, extra[2], extra[3], c.last,
    extra[4] or '', r.kind or 'contact' }
end

-- Her open offer again, or the best contact, or (with wait) a seat among the waiting.
local function pull(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local A, wait = agent(c, args[2]), tonumber(args[7])
  if A.offer then
    local r = contact(c, A.offer)
    if r and r.state == 'offered' and r.agent == A.id then return offer_of(c, r) end
  end
  local changed = learn(c, A, args[3], args[4], args[5], args[6])
  if A.presence ~= 'offline' then deadline(c, 'p:' .. A.id, c.now + wait + PRESENCE_MS) end
  if A.presence == 'ready' then
    local r, why = contact_for(c, A)
    if r then
      leave_line(c, r)
      make_offer(c, r, A, why)
      return offer_of(c, r)
    end
  end
  if wait > 0 then
    A.wait_until = math.max(A.wait_until, c.now + wait)
    redis.call('HSET', ak(c, A.id), 'wait_until', int(A.wait_until))
  end
  if wait > 0 or changed then sit_down(c, A) end
  return { 'none' }
end

-- Nobody listens for her any more: an offer made now would only expire.
local function stop_waiting(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local A = agent(c, args[2])
  redis.call('HSET', ak(c, A.id), 'wait_until', 0)
  leave_bench(c, A)
  no_deadline(c, 'b:' .. A.id)
  return { 'ok' }
end

-- Gives back what she can no longer do: offers always; with `all` also what she holds, but a live contact stays.
local function release(c, A, all, reason)
  local items = redis.call('HKEYS', c.d .. ':i:' .. A.id)
  table.sort(items)
  for _, id in ipairs(items) do
    local r = contact(c, id)
    if r and r.state == 'offered' then
      note(c, id, 'withdrawn', A.id, reason)
      give_back(c, r, 'offer.expired.v1', 0, 0, 'offer_id', id .. '.' .. int(r.epoch))
    elseif r and all and r.state == 'wrapping' then
      end_contact(c, r, 'completed', r.agent, r.as)
    elseif r and all and HELD[r.state] and not LIVE[r.ch] then
      note(c, id, 'requeued', A.id, reason)
      give_back(c, r, 'contact.requeued.v1', 0, 0, 'queue', r.queue, 'reason', reason)
    end
  end
end

-- What was kept for her alone is let to others, PAGE at a time by the sweeper.
local function keep_no_more(c, A)
  for _, m in ipairs(redis.call('ZRANGE', c.d .. ':pref:' .. A.id, 0, PAGE - 1)) do
    if redis.call('ZSCORE', c.d .. ':lease', 'r:' .. id_of(m)) then deadline(c, 'r:' .. id_of(m), c.now) end
  end
end

local function become(c, A, state, reason)
  local before = A.presence
  A.presence = state
  redis.call('HSET', ak(c, A.id), 'presence', state, 'reason', reason)
  redis.call('SADD', c.d .. ':agents', A.id)
  if state == 'ready' then
    redis.call('SADD', c.d .. ':ready', A.id)
    if before ~= 'ready' then
      A.idle = c.now
      redis.call('HSET', ak(c, A.id), 'idle', int(c.now))
    end
    match_agent(c, A)
  else
    redis.call('SREM', c.d .. ':ready', A.id)
    leave_bench(c, A)
    no_deadline(c, 'b:' .. A.id)
    release(c, A, state == 'offline', reason ~= '' and reason or state)
    if state == 'offline' then keep_no_more(c, A) end
  end
  if before ~= state then
    local now = agent(c, A.id)
    emit(c, 'agent.presence_changed.v1', A.id, 'presence', state, 'reason', reason, 'capacity', int(now.cap),
      'used', int(now.used))
  end
end

-- The after-work that she is in: "contact|mode|until", empty when she is in none.
local function wrapping(c, A)
  for _, id in ipairs(redis.call('HKEYS', c.d .. ':i:' .. A.id)) do
    local found = redis.call('HMGET', ck(c, id), 'state', 'wrap', 'until')
    if found[1] == 'wrapping' then
      return id .. '|' .. string.match(found[2], '^%a+') .. '|' .. found[3]
    end
  end
  return ''
end

-- What an agent is available for. Sent away by a supervisor, she is ready again when she has chosen it herself, not by
-- the heartbeat that repeats what she had chosen before.
local function presence(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local A, state, by, chosen = agent(c, args[2]), args[3], args[9], args[10] == '1'
  local changed = learn(c, A, args[5], args[6], args[7], args[8])
  local reason = args[4]
  if by ~= '' then
    say_acted(c, 'set_' .. state, by, reason, 'agent_id', A.id)
    redis.call('HSET', ak(c, A.id), 'sent', reason)
  elseif chosen or state ~= 'ready' then
    redis.call('HDEL', ak(c, A.id), 'sent')
  else
    local sent = redis.call('HGET', ak(c, A.id), 'sent')
    if sent then state, reason = 'away', sent end
  end
  if state == 'offline' then
    no_deadline(c, 'p:' .. A.id)
  else
    deadline(c, 'p:' .. A.id, c.now + PRESENCE_MS)
  end
  if state ~= A.presence then
    become(c, A, state, reason)
  elseif state == 'ready' and changed then
    match_agent(c, A)
  end
  A = agent(c, A.id)
  return { A.presence, int(A.cap), int(A.used), c.last, wrapping(c, A), redis.call('HLEN', c.d .. ':hold:' .. A.id),
    redis.call('HEXISTS', ak(c, A.id), 'sent') }
end

local LAPSES = {
  o = function(c, r)
    if r.state ~= 'offered' then return end
    note(c, r.id, 'expired', r.agent)
    if r.kind == 'consult' then return end_contact(c, r, 'abandoned') end
    give_back(c, r, 'offer.expired.v1', COOL_MS, INTERVAL_MS, 'offer_id', r.id .. '.' .. int(r.epoch))
  end,
  x = function(c, r)
    if r.state ~= 'connecting' then return end
    note(c, r.id, 'requeued', r.agent, 'not_connected')
    give_back(c, r, 'contact.requeued.v1', COOL_MS, INTERVAL_MS, 'queue', r.queue, 'reason', 'not_connected')
  end,
  m = function(c, r)
    local later = redis.call('ZRANGE', c.d .. ':cool:' .. r.id, '(' .. int(c.now), '+inf', 'BYSCORE', 'LIMIT', 0, 1,
      'WITHSCORES')
    if later[2] then deadline(c, 'm:' .. r.id, tonumber(later[2])) end
    if r.state == 'waiting' then match_contact(c, r) end
  end,
  w = function(c, r)
    if r.state == 'wrapping' then end_contact(c, r, 'completed', r.agent, r.as) end
  end,
  s = step_due,
  f = let_others,
  r = let_others,
}

local function lapse(c, kind, id)
  if kind == 'p' then return become(c, agent(c, id), 'offline', 'heartbeat_lost') end
  if kind == 'b' then return match_agent(c, agent(c, id)) end
  local r = contact(c, id)
  if r then LAPSES[kind](c, r) end
end

-- The one sweeper: at most `limit` deadlines that have passed; answers how many, and when the next one comes.
local function expire(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local key = c.d .. ':lease'
  local due = redis.call('ZRANGE', key, '-inf', int(c.now), 'BYSCORE', 'LIMIT', 0, args[2])
  for _, m in ipairs(due) do
    redis.call('ZREM', key, m)
    lapse(c, string.sub(m, 1, 1), string.sub(m, 3))
  end
  local following = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return { #due, following[2] and int(math.max(0, tonumber(following[2]) - c.now)) or '-1', c.last }
end
