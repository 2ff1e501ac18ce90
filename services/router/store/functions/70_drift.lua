-- Looks whether leases, what agents hold and the contacts' own state tell the same story; changes nothing.
-- Answers { contradictions, offered, held, the first few contradictions by name }.

local NAMED = 5

local function drift(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local wrong, named, offered, held = 0, {}, 0, 0
  local function say(what, id)
    wrong = wrong + 1
    if #named < NAMED then named[#named + 1] = what .. ' ' .. id end
  end
  for _, a in ipairs(redis.call('SMEMBERS', c.d .. ':agents')) do
    local items, sum = redis.call('HGETALL', c.d .. ':i:' .. a), 0
    for i = 1, #items, 2 do
      local id, r = items[i], contact(c, items[i])
      sum = sum + tonumber(items[i + 1])
      if not r or r.agent ~= a or not (r.state == 'offered' or HELD[r.state]) then
        say('held_without_contact', id)
      elseif HELD[r.state] then
        held = held + 1
      else
        offered = offered + 1
        if not redis.call('ZSCORE', c.d .. ':lease', 'o:' .. id) then say('offer_without_lease', id) end
      end
    end
    if agent(c, a).used ~= sum then say('capacity', a) end
  end
  for _, m in ipairs(redis.call('ZRANGE', c.d .. ':lease', 0, -1)) do
    local kind, id = string.sub(m, 1, 1), string.sub(m, 3)
    local want = (kind == 'o' and 'offered') or (kind == 'x' and 'connecting')
    if want and (redis.call('HGET', ck(c, id), 'state') or '') ~= want then say('lease_without_contact', id) end
  end
  for _, sig in ipairs(redis.call('SMEMBERS', c.d .. ':sigs')) do
    for _, m in ipairs(redis.call('ZRANGE', c.d .. ':q:' .. sig, 0, tonumber(args[2]) - 1)) do
      local id = string.match(m, '^%d+:(.*)$')
      if redis.call('HGET', ck(c, id), 'state') ~= 'waiting' then say('ghost_in_line', id) end
    end
  end
  return { wrong, offered, held, table.concat(named, ', ') }
end

redis.register_function('drift_' .. VERSION, drift)
