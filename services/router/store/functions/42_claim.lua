-- The commands of what happens outside: a live contact was answered, and given back.

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

-- It waits again in the queue of `owner`, whoever had it; fenced by `at` (ms) with the answers.
local function take_back(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local id, owner, at = args[2], args[3], tonumber(args[4])
  local key, r = ck(c, id), contact(c, id)
  if at < (tonumber(redis.call('HGET', key, 'claimed') or 0) or 0) then return answer(c, 'known', r and r.epoch) end
  redis.call('HSET', key, 'claimed', int(at))
  if not r then
    redis.call('HDEL', key, 'claim')
    redis.call('PEXPIRE', key, KEEP_FINISHED)
    return answer(c, 'early')
  end
  if r.state == 'waiting' and r.own == 'elsewhere' then
    own(c, r, owner)
    note(c, r.id, 'given_back')
    wait_again(c, r)
    keep_open(c, r)
  elseif HELD[r.state] and r.own then
    own(c, r, owner)
    note(c, r.id, 'requeued', r.agent, 'given_back')
    give_back(c, r, 'contact.requeued.v1', 0, 0, 'queue', r.queue, 'reason', 'given_back')
  else
    return answer(c, 'known', r.epoch)
  end
  redis.call('HSET', key, 'csid', c.last)
  return answer(c, 'ok', r.epoch)
end
