-- Live contacts whose turn is not ours to decide: they wait in somebody else's queue, or were answered outside.

local function withdrawn(c, r, reason)
  local A, offer_id = agent(c, r.agent), r.id .. '.' .. int(r.epoch)
  no_deadline(c, 'o:' .. r.id)
  r.agent = nil
  move(c, r, 'waiting')
  redis.call('HDEL', ck(c, r.id), 'expires', 'why')
  tell(c, r, 'offer.expired.v1', 'agent_id', A.id, 'offer_id', offer_id)
  note(c, r.id, 'withdrawn', A.id, reason)
  drop_item(c, A, r)
  return A
end

-- She talks: what else was on offer to her goes to others, what she works on is held, and her seat is another.
local function occupied(c, a)
  local A = agent(c, a)
  local other = A.offer and contact(c, A.offer)
  if other and other.state == 'offered' then
    local offer_id = other.id .. '.' .. int(other.epoch)
    note(c, other.id, 'withdrawn', a, 'answered')
    give_back(c, other, 'offer.expired.v1', 0, 0, 'offer_id', offer_id)
  end
  hold_others(c, A)
  match_agent(c, agent(c, a))
end

-- Hers, whatever room she has and wherever she is: she is talking already.
local function give_to(c, r, a)
  local A, epoch = agent(c, a), int(r.epoch)
  if A.offer == r.id then
    redis.call('HDEL', ak(c, a), 'offer')
  else
    take_item(c, A, r)
  end
  r.agent, r.accepted = a, c.now
  no_deadline(c, 'o:' .. r.id, 'm:' .. r.id, 's:' .. r.id, 'f:' .. r.id, 'r:' .. r.id)
  move(c, r, 'assigned', 'accepted', int(c.now), 'taken', epoch)
  redis.call('HDEL', ck(c, r.id), 'expires', 'why')
  redis.call('DEL', c.d .. ':cool:' .. r.id)
  redis.call('SADD', c.d .. ':agents', a)
  count_out(c, r)
  count_taken(c, A)
  tell(c, r, 'offer.accepted.v1', 'offer_id', r.id .. '.' .. epoch, 'agent_id', a, 'channel', r.ch,
    'queue', r.queue, 'waited_seconds', tostring(waited(c, r) / 1000))
  keep_open(c, r)
  note(c, r.id, 'answered', a)
  occupied(c, a)
end

local function own(c, r, owner)
  r.own = owner
  redis.call('HSET', ck(c, r.id), 'own', owner)
end

local function waiting_is_claimed(c, r, a)
  if a ~= '' then
    if r.own == 'elsewhere' then own(c, r, 'pbx') end
    return give_to(c, r, a)
  end
  count_out(c, r)
  no_deadline(c, 'm:' .. r.id, 's:' .. r.id)
  own(c, r, 'elsewhere')
  line_up(c, r)
  keep_open(c, r)
  note(c, r.id, 'answered_elsewhere')
end

-- The exchange has moved the call from one agent to another.
local function moved_to(c, r, a)
  local from, to = agent(c, r.agent), agent(c, a)
  no_deadline(c, 'x:' .. r.id)
  r.agent = a
  move(c, r, 'assigned')
  take_item(c, to, r)
  drop_item(c, from, r, true)
  redis.call('SADD', c.d .. ':agents', a)
  tell(c, r, 'contact.transferred.v1', 'agent_id', a, 'from_agent', from.id)
  keep_open(c, r)
  note(c, r.id, 'transferred', a, from.id)
  occupied(c, a)
  match_agent(c, agent(c, from.id))
end

-- `at` (ms): since when both hear each other; telephony may know it later.
local function say_connected(c, r, at)
  tell(c, r, 'contact.connected.v1', 'agent_id', r.agent, 'waited_seconds', tostring(waited(c, r, at) / 1000))
end

local function is_through(c, r)
  no_deadline(c, 'x:' .. r.id)
  redis.call('HSET', ck(c, r.id), 'state', 'assigned', 'through', int(r.epoch))
  r.state = 'assigned'
  say_connected(c, r)
  keep_open(c, r)
end

-- Somebody has answered: `a` is our agent, or empty when she is none of ours. Says whether that changed anything.
-- Who is to be called back is in nobody's phone: only one of ours can have called her.
local function answered_by(c, r, a, takes_over)
  if a == '' and r.kind == 'return_call' then return false end
  if r.state == 'waiting' then
    leave_line(c, r)
    waiting_is_claimed(c, r, a)
  elseif r.state == 'offered' and r.agent == a then
    give_to(c, r, a)
  elseif r.state == 'offered' then
    local other = withdrawn(c, r, 'answered')
    waiting_is_claimed(c, r, a)
    match_agent(c, agent(c, other.id))
  elseif r.state == 'connecting' and r.agent == a then
    is_through(c, r)
  elseif HELD[r.state] and a ~= '' and r.agent ~= a and takes_over then
    moved_to(c, r, a)
  else
    return false
  end
  return true
end
