-- The matcher: the best contact for an agent, the best waiting agent for a contact, and the offer that joins them.

local function make_offer(c, r, A)
  leave_line(c, r)
  leave_bench(c, A)
  r.agent = A.id
  move(c, r, 'offered')
  r.expires = c.now + OFFER_MS
  redis.call('HSET', ck(c, r.id), 'expires', int(r.expires))
  take_item(c, A, r.id, COST[r.ch])
  A.offer = r.id
  redis.call('HSET', ak(c, A.id), 'offer', r.id, 'wait_until', 0)
  A.wait_until = 0
  deadline(c, 'o:' .. r.id, r.expires)
  emit(c, 'offer.made.v1', r.id, 'epoch', int(r.epoch), 'offer_id', r.id .. '.' .. int(r.epoch),
    'agent_id', A.id, 'queue', r.queue, 'expires_at', int(r.expires))
  note(c, r.id, 'offered', A.id)
end

local function head(c, source, want, position)
  local found = redis.call('ZRANGE', source, position, position, 'WITHSCORES')
  if not found[1] then return nil end
  return { source = source, want = want, position = position, member = found[1], turn = tonumber(found[2]) }
end

-- Class first, then the contact whose case's agent this is, then turn, then arrival.
local function before(x, y)
  if x.want.class ~= y.want.class then return x.want.class < y.want.class end
  if x.preferred ~= y.preferred then return x.preferred end
  if x.turn ~= y.turn then return x.turn < y.turn end
  return x.member < y.member
end

-- Among those past their bound only the turn counts.
local function longest_overdue(x, y)
  if x.turn ~= y.turn then return x.turn < y.turn end
  return x.member < y.member
end

local function pick(heads, better, only)
  local best
  for i, h in ipairs(heads) do
    if (not only or only(h)) and (not best or better(h, heads[best])) then best = i end
  end
  return best
end

-- Every SHARE-th choice that a contact past its bound would lose goes to it: no class starves, none is blocked by it.
local function choose(c, heads)
  local usual = pick(heads, before)
  local late = pick(heads, longest_overdue, function(h) return h.turn + GRACE[h.want.class] <= c.now end)
  if not late or late == usual then return usual end
  if redis.call('HINCRBY', c.d .. ':meta', 'shared', 1) % SHARE == 0 then return late end
  return usual
end

local function heads_for(c, A)
  local heads, room = {}, A.cap - A.used
  local function add(source, want, preferred)
    if COST[want.ch] > room or not fits(A.profile, want) then return end
    local h = head(c, source, want, 0)
    if h then
      h.preferred = preferred
      heads[#heads + 1] = h
    end
  end
  local mine = redis.call('ZRANGE', c.d .. ':pref:' .. A.id, 0, 0)
  if mine[1] then
    local sig = redis.call('HGET', ck(c, string.sub(mine[1], 15)), 'sig')
    if sig then add(c.d .. ':pref:' .. A.id, parts_of(sig), true) end
  end
  for _, sig in ipairs(redis.call('SMEMBERS', c.d .. ':sigs')) do
    add(c.d .. ':q:' .. sig, parts_of(sig), false)
  end
  return heads
end

-- The contact that this agent takes next: heads are compared, at most LOOK_PAST cooling ones are passed.
local function contact_for(c, A)
  local heads = heads_for(c, A)
  for _ = 0, LOOK_PAST do
    local best = choose(c, heads)
    if not best then return nil end
    local h = heads[best]
    local id = string.sub(h.member, 15)
    if not cooling(c, id, A.id) then return contact(c, id) end
    local following = not h.preferred and head(c, h.source, h.want, h.position + 1)
    if following then
      following.preferred = false
      heads[best] = following
    else
      table.remove(heads, best)
    end
  end
  return nil
end

local function may_get(c, A, r, want)
  return can_be_offered(c, A) and A.cap - A.used >= COST[want.ch] and fits(A.profile, want)
    and not cooling(c, r.id, A.id)
end

-- The longest idle of one bench; those whose request has ended stand up on the way.
local function longest_idle(c, bench, r)
  local key, passed = c.d .. ':wa:' .. bench, 0
  while passed <= LOOK_PAST do
    local found = redis.call('ZRANGE', key, passed, passed, 'WITHSCORES')
    if not found[1] then return nil end
    local A = agent(c, found[1])
    if not can_be_offered(c, A) then
      A.wkey = bench
      leave_bench(c, A)
    elseif cooling(c, r.id, A.id) then
      passed = passed + 1
    else
      return A
    end
  end
  return nil
end

local function agent_for(c, r)
  local want = parts_of(r.sig)
  if r.pref then
    local A = agent(c, r.pref)
    if may_get(c, A, r, want) then return A end
  end
  local best
  for _, bench in ipairs(redis.call('SMEMBERS', c.d .. ':wk')) do
    local room, profile = string.match(bench, '^(-?%d+)#(.*)$')
    if tonumber(room) >= COST[want.ch] and fits(profile, want) then
      local A = longest_idle(c, bench, r)
      if A and (not best or A.idle < best.idle or (A.idle == best.idle and A.id < best.id)) then best = A end
    end
  end
  return best
end

local function wake(c, a)
  redis.call('PUBLISH', c.d .. ':wake', a)
end

-- A contact that waits: whoever waits for it gets the offer, and only she is woken.
local function match_contact(c, r)
  local A = agent_for(c, r)
  if not A then return end
  make_offer(c, r, A)
  wake(c, A.id)
end

-- An agent that has got room: the same matcher as a pull, the oldest she may take wins.
local function match_agent(c, A)
  if not can_be_offered(c, A) then return leave_bench(c, A) end
  local r = contact_for(c, A)
  if r then
    make_offer(c, r, A)
    wake(c, A.id)
  else
    sit_down(c, A)
  end
end
