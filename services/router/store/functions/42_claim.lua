-- The command of what happens outside: a live contact was answered.

-- `at` (ms) fences it: an older answer than one that is known is history. Before the contact has come here it is kept.
local function claim(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local id, a, at, takes_over = args[2], args[3], tonumber(args[4]), args[5] == '1'
  local key, r = ck(c, id), contact(c, id)
  local known = redis.call('HMGET', key, 'claimed', 'csid')
  if at <= (tonumber(known[1] or 0) or 0) then
    c.last = known[2] or ''
    return answer(c, 'known', r and r.epoch)
  end
  redis.call('HSET', key, 'claimed', int(at))
  if not r then
    redis.call('HSET', key, 'claim', a)
    redis.call('PEXPIRE', key, KEEP_FINISHED)
    return answer(c, 'early')
  end
  if not LIVE[r.ch] then return answer(c, 'conflict', r.epoch) end
  local changed = answered_by(c, r, a, takes_over)
  redis.call('HSET', key, 'csid', c.last)
  return answer(c, changed and 'ok' or 'known', r.epoch)
end
