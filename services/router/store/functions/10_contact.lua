-- A contact and its place in line.

local CONTACT = { 'state', 'epoch', 'sig', 'turn', 'arr', 'queue', 'ch', 'agent', 'pref', 'taken', 'accepted', 'talk', 'sid' }
local CONTACT_NUMBERS = { epoch = true, turn = true, arr = true, accepted = true }
local FINISHED = { completed = true, abandoned = true, purged = true, early = true }
local HELD = { connecting = true, assigned = true }

local function ck(c, id)
  return c.d .. ':c:' .. id
end

local function contact(c, id)
  local r = record(ck(c, id), CONTACT, CONTACT_NUMBERS)
  if not r.state then return nil end
  r.id = id
  return r
end

-- The member sorts equal turns by arrival, then by id: the place in line survives every way back.
local function member(r)
  return string.format('%013.0f:%s', r.arr, r.id)
end

local function line_up(c, r)
  local turn, m = int(r.turn), member(r)
  redis.call('ZADD', c.d .. ':q:' .. r.sig, turn, m)
  redis.call('SADD', c.d .. ':sigs', r.sig)
  if r.pref then redis.call('ZADD', c.d .. ':pref:' .. r.pref, turn, m) end
end

local function leave_line(c, r)
  local key = c.d .. ':q:' .. r.sig
  redis.call('ZREM', key, member(r))
  if redis.call('EXISTS', key) == 0 then redis.call('SREM', c.d .. ':sigs', r.sig) end
  if r.pref then redis.call('ZREM', c.d .. ':pref:' .. r.pref, member(r)) end
end

-- The citizen's view of waiting lasts until somebody has accepted, offers included.
local function count_in(c, r)
  redis.call('ZADD', c.d .. ':w:' .. r.queue .. '|' .. r.ch, int(r.arr), r.id)
  redis.call('HSET', c.d .. ':queues', r.queue, r.sig)
end

local function count_out(c, r)
  redis.call('ZREM', c.d .. ':w:' .. r.queue .. '|' .. r.ch, r.id)
end

-- The `open` record: the relay joins `body` (what never changes) with these.
local function keep_open(c, r)
  local body = redis.call('HGET', ck(c, r.id), 'body')
  emit(c, 'open', r.id, 'body', body or '', 'state', r.state, 'epoch', int(r.epoch), 'queue', r.queue,
    'agent_id', r.state ~= 'waiting' and r.agent or '', 'accepted_at', r.accepted and int(r.accepted) or '')
end

-- Moves a contact to its next state: always a new epoch, which every older command is refused by.
local function move(c, r, state)
  r.state = state
  r.epoch = math.max(r.epoch + 1, c.gen * EPOCHS)
  redis.call('HSET', ck(c, r.id), 'state', state, 'epoch', int(r.epoch), 'agent', r.agent or '')
end

local function finish(c, r, state)
  local key = ck(c, r.id)
  count_out(c, r)
  redis.call('DEL', c.d .. ':cool:' .. r.id)
  no_deadline(c, 'o:' .. r.id, 'x:' .. r.id, 'm:' .. r.id)
  move(c, r, state)
  redis.call('HDEL', key, 'body')
  redis.call('PEXPIRE', key, KEEP_FINISHED)
  redis.call('PEXPIRE', c.d .. ':h:' .. r.id, KEEP_FINISHED)
end
