-- An agent: what she holds, what room she has, and whether she waits for an offer right now.

local AGENT = { 'presence', 'cap', 'used', 'idle', 'profile', 'wait_until', 'wkey', 'offer' }
local AGENT_NUMBERS = { cap = true, used = true, idle = true, wait_until = true }

local function ak(c, a)
  return c.d .. ':a:' .. a
end

local function agent(c, a)
  local r = record(ak(c, a), AGENT, AGENT_NUMBERS)
  r.id = a
  r.presence = r.presence or 'offline'
  r.cap, r.used, r.idle, r.wait_until = r.cap or 100, r.used or 0, r.idle or 0, r.wait_until or 0
  return r
end

local sets = {}
local sets_size = 0

-- "a,b" as a set, remembered: the same few profiles and requirements come again and again.
local function set_of(text)
  local known = sets[text]
  if known then return known end
  if sets_size > 4096 then sets, sets_size = {}, 0 end
  known = { has = {}, list = {} }
  for word in string.gmatch(text, '[^,]+') do
    known.has[word] = true
    known.list[#known.list + 1] = word
  end
  sets[text], sets_size = known, sets_size + 1
  return known
end

-- "class|channel|skills" and "channels#skills" in their parts.
local function parts_of(sig)
  local class, ch, skills = string.match(sig, '^(%d)|([^|]*)|(.*)$')
  return { class = tonumber(class), ch = ch, skills = skills }
end

-- `*` takes every skill but a language: that she speaks or does not.
local function fits(profile, want)
  local channels, skills = string.match(profile, '^([^#]*)#(.*)$')
  if not set_of(channels).has[want.ch] then return false end
  local has = set_of(skills).has
  for _, skill in ipairs(set_of(want.skills).list) do
    if not has[skill] and (string.sub(skill, 1, 5) == 'lang:' or not has['*']) then return false end
  end
  return true
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

local function leave_bench(c, A)
  if not A.wkey then return end
  local key = c.d .. ':wa:' .. A.wkey
  redis.call('ZREM', key, A.id)
  if redis.call('EXISTS', key) == 0 then redis.call('SREM', c.d .. ':wk', A.wkey) end
  redis.call('HDEL', ak(c, A.id), 'wkey')
  A.wkey = nil
end

-- Ready, a request open, nothing on offer: only then can she be given something.
local function can_be_offered(c, A)
  return A.presence == 'ready' and A.wait_until > c.now and not A.offer and A.profile ~= nil
end

-- Sits down among the waiting with the same room and profile, longest idle first.
local function sit_down(c, A)
  leave_bench(c, A)
  if not can_be_offered(c, A) then return end
  A.wkey = int(A.cap - A.used) .. '#' .. A.profile
  redis.call('ZADD', c.d .. ':wa:' .. A.wkey, int(A.idle), A.id)
  redis.call('SADD', c.d .. ':wk', A.wkey)
  redis.call('HSET', ak(c, A.id), 'wkey', A.wkey)
end

local function take_item(c, A, id, cost)
  redis.call('HSET', c.d .. ':i:' .. A.id, id, cost)
  redis.call('SADD', c.d .. ':agents', A.id)
  A.used = redis.call('HINCRBY', ak(c, A.id), 'used', cost)
end

-- Frees what one contact cost; `idle` starts her idle clock anew.
local function drop_item(c, A, id, idle)
  local key = c.d .. ':i:' .. A.id
  local cost = redis.call('HGET', key, id)
  if cost then
    redis.call('HDEL', key, id)
    A.used = redis.call('HINCRBY', ak(c, A.id), 'used', -tonumber(cost))
  end
  if A.offer == id then
    redis.call('HDEL', ak(c, A.id), 'offer')
    A.offer = nil
  end
  if idle then
    A.idle = c.now
    redis.call('HSET', ak(c, A.id), 'idle', int(c.now))
  end
end
