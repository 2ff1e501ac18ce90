-- An agent: what she holds, what room she has, and whether she waits for an offer right now. The waiting sit on
-- benches, one for what can be offered to them now (`wa:<channels#skills>`); `benches` knows who is longest idle on each.

local AGENT = { 'presence', 'cap', 'used', 'soft', 'idle', 'profile', 'terms', 'wait_until', 'wkey', 'offer', 'pause' }
local AGENT_NUMBERS = { cap = true, used = true, soft = true, idle = true, wait_until = true, pause = true }

local function ak(c, a)
  return c.d .. ':a:' .. a
end

local function agent(c, a)
  local r = record(ak(c, a), AGENT, AGENT_NUMBERS)
  r.id = a
  r.presence = r.presence or 'offline'
  r.cap, r.used, r.soft, r.idle = r.cap or 100, r.used or 0, r.soft or 0, r.idle or 0
  r.wait_until, r.pause = r.wait_until or 0, r.pause or 0
  return r
end

local function meets(profile, want)
  if not profile.channels.has[want.ch] or (profile.reserve and not want.reserves) then return false end
  for _, skill in ipairs(want.asked) do
    local level = profile.has[skill.name] or 0
    if skill.covered and profile.every > level then level = profile.every end
    if level < skill.level then return false end
  end
  return true
end

-- `*` takes every skill but a language and protected identity: those she has or has not.
local function fits(words, want)
  local profile = profile_parts(words)
  local known = profile.fits[want.sig]
  if known == nil then
    if profile.known > 512 then profile.fits, profile.known = {}, 0 end
    known = meets(profile, want)
    profile.fits[want.sig], profile.known = known, profile.known + 1
  end
  return known
end

-- "rest|limit|window|email=60000": how often she may be offered something, in ms.
local terms_of = remembering(function(text)
  local rest, limit, window, blend = string.match(text, '^(%d+)|(%d+)|(%d+)|(.*)$')
  return { rest = tonumber(rest) or 0, limit = tonumber(limit) or 0, window = tonumber(window) or 0,
    blend = set_of(blend or '').has }
end)

local function terms(A)
  return terms_of(A.terms or '0|0|0|')
end

-- When the oldest of her last `limit` contacts leaves the window: before that she gets no more.
local function limited_until(c, A)
  local t = terms(A)
  if t.limit == 0 then return 0 end
  local oldest = redis.call('LINDEX', c.d .. ':win:' .. A.id, t.limit - 1)
  return oldest and tonumber(oldest) + t.window or 0
end

-- What can be offered to her now ("channels#skills", nil: nothing), and when time alone makes it more.
-- A live contact may interrupt mail: what she holds of that does not count against it.
local function open_to(c, A)
  if not A.profile then return nil end
  local blocked = math.max(A.pause, limited_until(c, A))
  if blocked > c.now then return nil, blocked end
  local profile, blend, open, later = profile_parts(A.profile), terms(A).blend, '', nil
  for _, ch in ipairs(profile.channels.list) do
    local room = A.cap - A.used + (LIVE[ch] and A.soft or 0)
    local from = A.idle + (blend[ch] or 0)
    if COST[ch] <= room then
      if from <= c.now then
        open = open == '' and ch or open .. ',' .. ch
      elseif not later or from < later then
        later = from
      end
    end
  end
  if open == '' then return nil, later end
  local words = profile.open[open]
  if not words then
    words = open .. '#' .. profile.skills
    profile.open[open] = words
  end
  return words, later
end

local function cooling(c, id, a)
  local till = redis.call('ZSCORE', c.d .. ':cool:' .. id, a)
  return till and tonumber(till) > c.now
end

local function cool_down(c, id, a, ms)
  if ms <= 0 then return end
  local key = c.d .. ':cool:' .. id
  redis.call('ZADD', key, int(c.now + ms), a)
  redis.call('PEXPIRE', key, KEEP_FINISHED)
  local due = redis.call('ZSCORE', c.d .. ':lease', 'm:' .. id)
  if not due or tonumber(due) > c.now + ms then deadline(c, 'm:' .. id, c.now + ms) end
end

local function reindex_bench(c, wkey)
  local first = redis.call('ZRANGE', c.d .. ':wa:' .. wkey, 0, 0, 'WITHSCORES')
  if first[1] then
    redis.call('ZADD', c.d .. ':benches', first[2], wkey)
  else
    redis.call('ZREM', c.d .. ':benches', wkey)
  end
end

local function leave_bench(c, A)
  if not A.wkey then return end
  redis.call('ZREM', c.d .. ':wa:' .. A.wkey, A.id)
  reindex_bench(c, A.wkey)
  redis.call('HDEL', ak(c, A.id), 'wkey')
  A.wkey = nil
end

-- Ready, a request open, nothing on offer: only then can she be given something.
local function can_be_offered(c, A)
  return A.presence == 'ready' and A.wait_until > c.now and not A.offer and A.profile ~= nil
end

-- Sits down among those who can be offered the same, longest idle first; time may seat her elsewhere later.
local function sit_down(c, A)
  leave_bench(c, A)
  if not can_be_offered(c, A) then return end
  local open, later = open_to(c, A)
  if later then deadline(c, 'b:' .. A.id, later) end
  if not open then return end
  A.wkey = open
  redis.call('ZADD', c.d .. ':wa:' .. open, int(A.idle), A.id)
  redis.call('HSET', ak(c, A.id), 'wkey', open)
  reindex_bench(c, open)
end

local function take_item(c, A, r)
  local key = ak(c, A.id)
  redis.call('HSET', c.d .. ':i:' .. A.id, r.id, COST[r.ch])
  A.used = redis.call('HINCRBY', key, 'used', COST[r.ch])
  if not LIVE[r.ch] then A.soft = redis.call('HINCRBY', key, 'soft', COST[r.ch]) end
end

-- The mails and e-services that she works on, and whether she has a live contact.
local function in_hand(c, A)
  local soft, live = {}, false
  local items = redis.call('HKEYS', c.d .. ':i:' .. A.id)
  table.sort(items)
  for _, id in ipairs(items) do
    local found = redis.call('HMGET', ck(c, id), 'ch', 'state', 'epoch')
    if LIVE[found[1]] then
      live = live or found[2] ~= 'offered'
    elseif found[2] == 'assigned' then
      soft[#soft + 1] = { id = id, epoch = tonumber(found[3]) }
    end
  end
  return soft, live
end

-- She has taken a live contact: what else she works on is held; it keeps its capacity and its agent.
local function hold_others(c, A)
  local key = c.d .. ':hold:' .. A.id
  for _, item in ipairs((in_hand(c, A))) do
    if redis.call('HSETNX', key, item.id, int(c.now)) == 1 then
      tell(c, item, 'contact.held.v1', 'agent_id', A.id)
      note(c, item.id, 'held', A.id)
    end
  end
end

local function resume_held(c, A)
  local key = c.d .. ':hold:' .. A.id
  if redis.call('EXISTS', key) == 0 then return end
  local soft, live = in_hand(c, A)
  if live then return end
  for _, item in ipairs(soft) do
    local since = redis.call('HGET', key, item.id)
    if since then
      local seconds = (c.now - tonumber(since)) / 1000
      tell(c, item, 'contact.resumed.v1', 'agent_id', A.id, 'held_seconds', tostring(seconds))
      note(c, item.id, 'resumed', A.id)
    end
  end
  redis.call('DEL', key)
end

-- Frees what one contact cost, and gives her back what she had left for it. `idle` starts her idle clock anew;
-- for `pause` ms (at least her rest) she is offered nothing.
local function drop_item(c, A, r, idle, pause)
  local items, key = c.d .. ':i:' .. A.id, ak(c, A.id)
  local cost = redis.call('HGET', items, r.id)
  if cost then
    redis.call('HDEL', items, r.id)
    A.used = redis.call('HINCRBY', key, 'used', -tonumber(cost))
    if not LIVE[r.ch] then A.soft = redis.call('HINCRBY', key, 'soft', -tonumber(cost)) end
    redis.call('HDEL', c.d .. ':hold:' .. A.id, r.id)
    if LIVE[r.ch] then resume_held(c, A) end
  end
  if A.offer == r.id then
    redis.call('HDEL', key, 'offer')
    A.offer = nil
  end
  if idle then
    A.idle = c.now
    redis.call('HSET', key, 'idle', int(c.now))
  end
  local rest = math.max(pause or 0, terms(A).rest)
  if rest > 0 then
    A.pause = c.now + rest
    redis.call('HSET', key, 'pause', int(A.pause))
  end
end

local function count_taken(c, A)
  local t = terms(A)
  if t.limit == 0 then return end
  local key = c.d .. ':win:' .. A.id
  redis.call('LPUSH', key, int(c.now))
  redis.call('LTRIM', key, 0, t.limit - 1)
  redis.call('PEXPIRE', key, t.window)
end
