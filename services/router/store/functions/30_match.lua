-- The matcher: the best contact for an agent, the best waiting agent for a contact, and the offer that joins them.
-- Lines and benches are read in the order of their first, GLANCE and then PAGE at a time, until nothing better can
-- follow: most often one of the first will do.

-- The contact is in no line (any more).
local function make_offer(c, r, A, why)
  leave_bench(c, A)
  r.agent = A.id
  r.expires = c.now + OFFER_MS
  if r.step > 0 then why = why .. ',ring:' .. int(r.step) end
  if r.kind == 'return_call' then why = why .. ',return_call' end
  move(c, r, 'offered', 'expires', int(r.expires), 'why', why)
  take_item(c, A, r)
  A.offer = r.id
  redis.call('HSET', ak(c, A.id), 'offer', r.id, 'wait_until', 0)
  A.wait_until = 0
  deadline(c, 'o:' .. r.id, r.expires)
  tell(c, r, 'offer.made.v1', 'offer_id', r.id .. '.' .. int(r.epoch), 'agent_id', A.id, 'queue', r.queue,
    'expires_at', int(r.expires), 'why', why)
  note(c, r.id, 'offered', A.id, why)
end

-- The first of a line who is not cooling down for this agent; of those who are, one look passes at most LOOK_PAST.
local function first_for(c, key, A)
  local position = 0
  while true do
    local found = redis.call('ZRANGE', key, position, position, 'WITHSCORES')
    if not found[1] then return nil end
    local id = id_of(found[1])
    if not cooling(c, id, A.id) then return { id = id, member = found[1], score = tonumber(found[2]) } end
    c.passed, position = c.passed + 1, position + 1
    if c.passed > LOOK_PAST then return nil end
  end
end

local function better(x, y)
  if not y then return true end
  if x.rank ~= y.rank then return x.rank < y.rank end
  return x.member < y.member
end

-- The best of the lines that she fits, in the order of class, turn and arrival.
local function usual_for(c, A, open)
  local best, start, size = nil, 0, GLANCE
  while true do
    local page = redis.call('ZRANGE', c.d .. ':heads', start, start + size - 1, 'WITHSCORES')
    for i = 1, #page, 2 do
      local sig, score = page[i], tonumber(page[i + 1])
      if best and score > best.rank then return best end
      local want = parts_of(sig)
      if fits(open, want) then
        local found = first_for(c, c.d .. ':q:' .. sig, A)
        if found then
          found.rank = rank(want.class, found.score)
          if better(found, best) then best = found end
        end
      end
    end
    if #page < size * 2 then return best end
    start, size = start + size, PAGE
  end
end

-- The longest overdue of the lines that she fits: past its turn and its class's grace. Lines come in the order of their
-- first, who may be cooling down for her: so the next line may have one who is overdue for longer.
local function late_for(c, A, open)
  local best, start = nil, 0
  while true do
    local page = redis.call('ZRANGE', c.d .. ':lates', '-inf', int(c.now), 'BYSCORE', 'LIMIT', start, PAGE,
      'WITHSCORES')
    for i = 1, #page, 2 do
      if best and tonumber(page[i + 1]) > best.rank then return best end
      local want = parts_of(page[i])
      if fits(open, want) then
        local found = first_for(c, c.d .. ':q:' .. page[i], A)
        if found then
          found.rank = found.score + GRACE[want.class]
          if found.rank <= c.now and better(found, best) then best = found end
        end
      end
    end
    if #page < PAGE * 2 then return best end
    start = start + PAGE
  end
end

-- A question to a colleague asks nothing of her but the channel.
local function takes(open, r_kind, want)
  if r_kind ~= 'consult' then return fits(open, want) end
  return profile_parts(open).channels.has[want.ch] ~= nil
end

-- The first contact that is meant for her and that she can take now.
local function hers(c, A, open)
  local line = redis.call('ZRANGE', c.d .. ':pref:' .. A.id, 0, PAGE - 1, 'WITHSCORES')
  for i = 1, #line, 2 do
    local id, score = id_of(line[i]), tonumber(line[i + 1])
    local found = redis.call('HMGET', ck(c, id), 'sig', 'kind')
    if found[1] and takes(open, found[2], parts_of(found[1])) and not cooling(c, id, A.id) then
      return { id = id, class = math.floor(score / CLASS_SPAN) }
    end
  end
  return nil
end

-- Hers before others of its class; and every SHARE-th choice that a contact past its bound would lose goes to it:
-- no class starves, none is blocked by it.
local function contact_for(c, A)
  local open = open_to(c, A)
  if not open then return nil end
  c.passed = 0
  local usual, why = usual_for(c, A, open), 'next_in_line'
  local mine = hers(c, A, open)
  if mine and (not usual or mine.class <= math.floor(usual.rank / CLASS_SPAN)) then usual, why = mine, 'preferred' end
  c.passed = 0
  local late = late_for(c, A, open)
  if late and (not usual or late.id ~= usual.id) then
    if not usual or redis.call('HINCRBY', ak(c, A.id), 'shared', 1) % SHARE == 0 then usual, why = late, 'late' end
  end
  if not usual then return nil end
  return contact(c, usual.id), why
end

-- The longest idle of one bench; those whose request has ended stand up on the way.
local function longest_idle(c, bench, r)
  local key, passed = c.d .. ':wa:' .. bench, 0
  while passed <= LOOK_PAST do
    local found = redis.call('ZRANGE', key, passed, passed)
    if not found[1] then return nil end
    local A = agent(c, found[1])
    if not can_be_offered(c, A) then
      A.wkey, c.stood = bench, true
      leave_bench(c, A)
    elseif cooling(c, r.id, A.id) then
      passed = passed + 1
    else
      return A
    end
  end
  return nil
end

local function preferred_for(c, r, want)
  local A = agent(c, r.pref)
  if not can_be_offered(c, A) or cooling(c, r.id, A.id) then return nil end
  local open = open_to(c, A)
  if not open then return nil end
  return takes(open, r.kind, want) and A or nil
end

local function has_all(words, names)
  local has = profile_parts(words).has
  for _, name in ipairs(names) do
    if not has[name] then return false end
  end
  return true
end

-- The longest idle of the benches that fit, and that have `also`.
local function idle_for(c, r, want, also)
  local best, start, size = nil, 0, GLANCE
  while true do
    local page = redis.call('ZRANGE', c.d .. ':benches', start, start + size - 1, 'WITHSCORES')
    c.stood = false
    for i = 1, #page, 2 do
      if best and tonumber(page[i + 1]) > best.idle then return best end
      if fits(page[i], want) and has_all(page[i], also) then
        local found = longest_idle(c, page[i], r)
        if found and (not best or found.idle < best.idle or (found.idle == best.idle and found.id < best.id)) then
          best = found
        end
      end
    end
    if c.stood then
      best, start, size = nil, 0, GLANCE
    elseif #page < size * 2 then
      return best
    else
      start, size = start + size, PAGE
    end
  end
end

-- Hers before all; then one who has what is wished for; then whoever has been idle for longest.
local function agent_for(c, r)
  local want = parts_of(r.sig)
  local A = r.pref and preferred_for(c, r, want)
  if A then return A, 'preferred' end
  if is_kept(c, r) then return nil end
  local wished = want.wished[1] and idle_for(c, r, want, want.wished)
  if wished then return wished, 'signed_off' end
  return idle_for(c, r, want, {}), 'longest_idle'
end

local function wake(c, a)
  redis.call('PUBLISH', c.d .. ':wake', a)
end

-- A contact that waits: whoever waits for it gets the offer, and only she is woken.
local function match_contact(c, r)
  if is_anothers(r) or (r.from or 0) > c.now then return end
  local A, why = agent_for(c, r)
  if not A then return end
  leave_line(c, r)
  make_offer(c, r, A, why)
  wake(c, A.id)
end

-- One that is in no line: offered at once if somebody waits for it, else lined up.
local function settle(c, r)
  if not is_anothers(r) and (r.from or 0) <= c.now then
    begin_keeping(c, r)
    local A, why = agent_for(c, r)
    if A then
      make_offer(c, r, A, why)
      return wake(c, A.id)
    end
  end
  line_up(c, r)
end

-- An agent that has got room: the same matcher as a pull, the oldest she may take wins.
local function match_agent(c, A)
  if not can_be_offered(c, A) then return leave_bench(c, A) end
  local r, why = contact_for(c, A)
  if r then
    leave_line(c, r)
    make_offer(c, r, A, why)
    wake(c, A.id)
  else
    sit_down(c, A)
  end
end
