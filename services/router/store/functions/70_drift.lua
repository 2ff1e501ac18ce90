-- The reconciler: whether leases, what agents hold, lines and the contacts' own state tell the same story. It changes
-- nothing, and looks at one page a call. Answers { next cursor, contradictions by name ... , offered, held }.

local OF_AGENT = { offered = 'offered', connecting = 'held', assigned = 'held', wrapping = 'held' }
local LEASED = { o = { offered = true }, x = { connecting = true }, w = { wrapping = true },
  f = { waiting = true }, r = { waiting = true }, s = { waiting = true, offered = true } }
local LEASE_OF = { offered = 'o:', connecting = 'x:', wrapping = 'w:' }

local function items_of(c, a, say, seen)
  local items, sum = redis.call('HGETALL', c.d .. ':i:' .. a), 0
  for i = 1, #items, 2 do
    local id, r = items[i], contact(c, items[i])
    sum = sum + tonumber(items[i + 1])
    local kind = r and r.agent == a and OF_AGENT[r.state]
    if not kind then
      say('held_without_contact', id)
    else
      seen[kind] = seen[kind] + 1
      local lease = LEASE_OF[r.state]
      if lease and not redis.call('ZSCORE', c.d .. ':lease', lease .. id) then say(r.state .. '_without_lease', id) end
    end
  end
  return sum
end

local function drift_agents(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local found, seen = redis.call('SSCAN', c.d .. ':agents', args[2], 'COUNT', PAGE), { offered = 0, held = 0 }
  local named = {}
  local function say(what, id) named[#named + 1] = what .. ' ' .. id end
  for _, a in ipairs(found[2]) do
    if agent(c, a).used ~= items_of(c, a, say, seen) then say('capacity', a) end
    local offer = redis.call('HGET', ak(c, a), 'offer')
    if offer and (redis.call('HGET', ck(c, offer), 'agent') or '') ~= a then say('offer_of_another', a) end
  end
  return { found[1], named, seen.offered, seen.held }
end

local function drift_leases(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local found, named = redis.call('ZSCAN', c.d .. ':lease', args[2], 'COUNT', PAGE), {}
  for i = 1, #found[2], 2 do
    local m = found[2][i]
    local want, id = LEASED[string.sub(m, 1, 1)], string.sub(m, 3)
    if want and not want[redis.call('HGET', ck(c, id), 'state') or ''] then
      named[#named + 1] = 'lease_without_contact ' .. id
    end
  end
  return { found[1], named, 0, 0 }
end

-- `cursor` is the place in the line; the line's first must be what `heads` says.
local function drift_line(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local sig, start, named = args[2], tonumber(args[3]), {}
  local page = redis.call('ZRANGE', c.d .. ':q:' .. sig, start, start + PAGE - 1, 'WITHSCORES')
  for i = 1, #page, 2 do
    local r = contact(c, id_of(page[i]))
    if not r or r.state ~= 'waiting' or r.sig ~= sig then named[#named + 1] = 'ghost_in_line ' .. id_of(page[i]) end
  end
  if start == 0 then
    local head = redis.call('ZSCORE', c.d .. ':heads', sig)
    local true_head = page[1] and rank(parts_of(sig).class, tonumber(page[2])) or nil
    if (head and tonumber(head)) ~= true_head then named[#named + 1] = 'head_of_line ' .. sig end
  end
  return { #page < PAGE * 2 and '0' or int(start + PAGE), named, 0, 0 }
end

-- Whoever is counted as waiting stands in a line, or has a time at which it will.
local function drift_waiting(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local start, named = tonumber(args[3]), {}
  local page = redis.call('ZRANGE', c.d .. ':w:' .. args[2], start, start + PAGE - 1)
  for _, id in ipairs(page) do
    local r = contact(c, id)
    if not r or (r.state ~= 'waiting' and r.state ~= 'offered') then
      named[#named + 1] = 'counted_but_gone ' .. id
    elseif r.state == 'waiting' and not redis.call('ZSCORE', c.d .. ':q:' .. r.sig, member(r)) then
      local lease = c.d .. ':lease'
      if not redis.call('ZSCORE', lease, 'f:' .. id) and not redis.call('ZSCORE', lease, 'r:' .. id) then
        named[#named + 1] = 'waits_in_no_line ' .. id
      end
    end
  end
  return { #page < PAGE and '0' or int(start + PAGE), named, 0, 0 }
end
