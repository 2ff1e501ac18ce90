-- A contact and its place in line. A line holds the waiting contacts of one requirement (class, channel, skills).
-- `heads` knows each line's first contact by rank (class, then turn), `lates` when that one is past its bound: so a
-- pull compares lines without visiting them.

local CONTACT = { 'state', 'epoch', 'sig', 'turn', 'arr', 'queue', 'ch', 'agent', 'pref', 'kind', 'from', 'hold', 'step',
  'own' }
local NUMBERS = { epoch = true, turn = true, arr = true, accepted = true, from = true, hold = true, dwell = true,
  step = true, since = true, claimed = true }
local RARE = { taken = true, accepted = true, talk = true, sid = true, dwell = true, steps = true, wrap = true,
  priority = true, as = true, since = true, tells = true,
  gone = true, through = true, claimed = true }
local FINISHED = { completed = true, abandoned = true, purged = true, early = true }
local HELD = { connecting = true, assigned = true }
local PRIORITY = { [0] = 'urgent', 'high', 'normal', 'low' }

local function ck(c, id)
  return c.d .. ':c:' .. id
end

-- What is seldom needed is read when it is asked for.
local function complete_later(c, r)
  return setmetatable(r, { __index = function(_, field)
    if not RARE[field] then return nil end
    local value = redis.call('HGET', ck(c, r.id), field)
    if not value or value == '' then return nil end
    value = NUMBERS[field] and tonumber(value) or value
    rawset(r, field, value)
    return value
  end })
end

local function contact(c, id)
  local r = record(ck(c, id), CONTACT, NUMBERS)
  if not r.state then return nil end
  r.id, r.step = id, r.step or 0
  return complete_later(c, r)
end

-- Everything but a question to a colleague, which concerns nobody outside, is said to the world.
local function tell(c, r, kind, ...)
  if r.kind ~= 'consult' then emit(c, kind, r.id, 'epoch', int(r.epoch), ...) end
end

-- The member sorts equal turns by arrival, then by id: the place in line survives every way back.
local function member(r)
  return string.format('%013.0f:%s', r.arr, r.id)
end

local function id_of(m)
  return string.sub(m, 15)
end

local function rank(class, turn)
  return class * CLASS_SPAN + turn
end

local function reindex(c, sig)
  local first = redis.call('ZRANGE', c.d .. ':q:' .. sig, 0, 0, 'WITHSCORES')
  if not first[1] then
    redis.call('ZREM', c.d .. ':heads', sig)
    redis.call('ZREM', c.d .. ':lates', sig)
    return
  end
  local class, turn = parts_of(sig).class, tonumber(first[2])
  redis.call('ZADD', c.d .. ':heads', int(rank(class, turn)), sig)
  redis.call('ZADD', c.d .. ':lates', int(turn + GRACE[class]), sig)
end

local steps_of = remembering(function(text)
  local made = {}
  for line in string.gmatch(text, '[^\n]+') do
    local after, flags, class, queue, skills = string.match(line, '^(%d+)|(%a*)|(%d?)|([^|]*)|(.*)$')
    made[#made + 1] = { after = tonumber(after), class = tonumber(class), queue = queue ~= '' and queue or nil,
      skills = string.find(flags, 's') and skills or nil, calls = string.find(flags, 'r') ~= nil,
      gives_up = string.find(flags, 'x') ~= nil }
  end
  return made
end)

local function next_step(r)
  return r.steps and steps_of(r.steps)[r.step + 1]
end

-- It waits in somebody else's queue: never offered, until she is to be called back.
local function is_anothers(r)
  return r.own ~= nil and r.kind ~= 'return_call'
end

-- Steps count from when the contact came, or from when it could first be offered.
local function arm_step(c, r)
  local step = not is_anothers(r) and next_step(r)
  if step then deadline(c, 's:' .. r.id, math.max(r.arr, r.from or 0) + step.after) end
end

local function presence_of(c, a)
  return redis.call('HGET', c.d .. ':a:' .. a, 'presence') or 'offline'
end

-- Kept for one agent while the dwell lasts. A question to a colleague is for her alone.
local function is_kept(c, r)
  return r.pref ~= nil and (r.kind == 'consult' or (r.hold or 0) > c.now)
end

local function keep_until(c, r, at)
  r.hold = at
  redis.call('HSET', ck(c, r.id), 'hold', int(at))
end

-- Its dwell begins when it could first be offered, and not at all when she is not there.
local function begin_keeping(c, r)
  if r.pref and r.dwell and not r.hold then keep_until(c, r, c.now + r.dwell) end
  if r.pref and (r.hold or 0) > c.now and presence_of(c, r.pref) == 'offline' then keep_until(c, r, c.now) end
end

-- Into line: not when it is another's (who must end it some day), not before its time, and at first for its preferred agent alone.
local function line_up(c, r)
  if is_anothers(r) then return deadline(c, 'f:' .. r.id, r.arr + ANOTHERS_MS) end
  if (r.from or 0) > c.now then return deadline(c, 'f:' .. r.id, r.from) end
  begin_keeping(c, r)
  local m = member(r)
  if r.pref then redis.call('ZADD', c.d .. ':pref:' .. r.pref, int(rank(parts_of(r.sig).class, r.turn)), m) end
  if is_kept(c, r) then
    if r.kind ~= 'consult' then deadline(c, 'r:' .. r.id, r.hold) end
    return
  end
  redis.call('ZADD', c.d .. ':q:' .. r.sig, int(r.turn), m)
  reindex(c, r.sig)
end

local function leave_line(c, r)
  local m = member(r)
  if redis.call('ZREM', c.d .. ':q:' .. r.sig, m) == 1 then reindex(c, r.sig) end
  if r.pref then redis.call('ZREM', c.d .. ':pref:' .. r.pref, m) end
  if r.from or r.hold or r.own then no_deadline(c, 'f:' .. r.id, 'r:' .. r.id) end
end

-- How long somebody could have answered: a time that was promised, or closed hours, do not count.
local function waited(c, r, till)
  return math.max(0, (till or c.now) - math.max(r.arr, r.from or 0))
end

-- The citizen's view of waiting lasts until somebody has accepted or answered, offers included.
local function count_in(c, r)
  if r.kind == 'consult' or (r.own == 'elsewhere' and is_anothers(r)) then return end
  redis.call('ZADD', c.d .. ':w:' .. r.queue .. '|' .. r.ch, int(r.arr), r.id)
  redis.call('HSET', c.d .. ':queues', r.queue, r.sig)
end

local function count_out(c, r)
  redis.call('ZREM', c.d .. ':w:' .. r.queue .. '|' .. r.ch, r.id)
end

-- The `open` record: the relay joins `body` (what never changes) with these.
local function keep_open(c, r)
  if r.kind == 'consult' then return end
  local body = r.body or redis.call('HGET', ck(c, r.id), 'body')
  local its = r.state ~= 'waiting' and r.state ~= 'offered'
  emit(c, 'open', r.id, 'body', body or '', 'state', r.state, 'epoch', int(r.epoch), 'queue', r.queue,
    'agent_id', its and r.agent or '', 'accepted_at', r.accepted and int(r.accepted) or '',
    'priority', r.priority or 'normal', 'step', int(r.step), 'kind', r.kind or 'contact',
    'not_before', r.from and int(r.from) or '', 'preferred_agent', r.pref or '', 'asks', parts_of(r.sig).skills,
    'turn', int(r.turn), 'queue_owner', r.own or '')
end

-- Moves a contact to its next state: always a new epoch, which every older command is refused by.
local function move(c, r, state, ...)
  r.state = state
  r.epoch = math.max(r.epoch + 1, c.gen * EPOCHS)
  redis.call('HSET', ck(c, r.id), 'state', state, 'epoch', int(r.epoch), 'agent', r.agent or '', ...)
end

local function finish(c, r, state)
  local key = ck(c, r.id)
  count_out(c, r)
  redis.call('DEL', c.d .. ':cool:' .. r.id)
  no_deadline(c, 'o:' .. r.id, 'x:' .. r.id, 'm:' .. r.id, 's:' .. r.id, 'w:' .. r.id, 'f:' .. r.id, 'r:' .. r.id)
  move(c, r, state)
  redis.call('HDEL', key, 'body', 'steps')
  redis.call('PEXPIRE', key, KEEP_FINISHED)
  redis.call('PEXPIRE', c.d .. ':h:' .. r.id, KEEP_FINISHED)
end

-- Another queue has other skills: those that its contacts ask for, beside the languages this one asks for.
local function skills_for_queue(c, r, queue)
  local known = redis.call('HGET', c.d .. ':queues', queue)
  local own = parts_of(r.sig).skills
  if not known then return own end
  local kept = {}
  for word in string.gmatch(parts_of(known).skills, '[^,]+') do
    if string.sub(word, 1, 5) ~= 'lang:' and string.sub(word, 1, 1) ~= '+' then kept[#kept + 1] = word end
  end
  for word in string.gmatch(own, '[^,]+') do
    if string.sub(word, 1, 5) == 'lang:' or word == 'protected' or word == '+reserve' then
      if word ~= 'protected' or not set_of(parts_of(known).skills).has.protected then kept[#kept + 1] = word end
    end
  end
  table.sort(kept)
  return table.concat(kept, ',')
end

-- What a waiting contact asks for from now on; whoever calls takes it out of line before and back in after.
local function ask_for(c, r, queue, class, skills)
  local want = parts_of(r.sig)
  if queue and queue ~= r.queue then
    skills = skills or skills_for_queue(c, r, queue)
    r.queue = queue
  end
  if class then r.priority = PRIORITY[class] end
  r.sig = int(class or want.class) .. '|' .. r.ch .. '|' .. (skills or want.skills)
  redis.call('HSET', ck(c, r.id), 'queue', r.queue, 'sig', r.sig, 'priority', r.priority or '')
end
