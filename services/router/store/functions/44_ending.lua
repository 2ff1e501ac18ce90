-- The commands that end a contact.

-- Epoch 0: the case has ended, which ends the contact whoever holds it, and even before it has come here.
local function complete(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local id, epoch, agent_id, case_type = args[2], args[3], args[4], args[5]
  local r, forced = contact(c, id), epoch == '0'
  if not r then
    if forced then
      redis.call('HSET', ck(c, id), 'state', 'early', 'epoch', '0')
      redis.call('PEXPIRE', ck(c, id), KEEP_FINISHED)
    end
    return answer(c, forced and 'ok' or 'unknown')
  end
  if FINISHED[r.state] or r.state == 'wrapping' then
    local same = forced or repeated(c, id, 'complete', epoch)
    return answer(c, same and 'ok' or 'conflict', r.epoch)
  end
  if not forced and (not is_hers(r, agent_id) or not HELD[r.state] or int(r.epoch) ~= epoch) then
    return answer(c, 'conflict', r.epoch)
  end
  remember(c, id, 'complete', forced and int(r.epoch) or epoch)
  done_with(c, r, r.state ~= 'waiting' and r.agent or agent_id, case_type)
  return answer(c, 'ok', r.epoch)
end

-- The agent is done with her after-work; mandatory after-work ends by its time alone.
local function wrap_end(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local r, agent_id = contact(c, args[2]), args[3]
  if not r then return answer(c, 'unknown') end
  if r.state == 'completed' and is_hers(r, agent_id) then return answer(c, 'ok', r.epoch) end
  if r.state ~= 'wrapping' or not is_hers(r, agent_id) or wrap_of(r) == 'mandatory' then
    return answer(c, 'conflict', r.epoch)
  end
  end_contact(c, r, 'completed', r.agent, r.as)
  return answer(c, 'ok', r.epoch)
end

-- The citizen is gone: what nobody has accepted or answered is abandoned, and an open offer is withdrawn first. What
-- has been accepted stays with its agent, who has its case: a call that was not through yet waits for its line no more.
-- She who is to be called back has hung up already, and keeps her place. And who is gone before she has come here
-- (the log was away) is offered to nobody when she comes. Of who left an agent it is told, once, whether anybody had
-- talked: her case may have ended before the call did.
local function say_left(c, r, abandoned, short, waited_seconds)
  if r.gone or not r.taken then return end
  redis.call('HSET', ck(c, r.id), 'gone', '1')
  tell(c, r, 'contact.left.v1', 'agent_id', r.agent or '', 'abandoned', abandoned, 'short', short,
    'waited_seconds', waited_seconds)
end

local function cancel(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local r, reason, talk, abandoned, short, long = contact(c, args[2]), unpack(args, 3, 7)
  if not r then
    redis.call('HSET', ck(c, args[2]), 'state', 'early', 'epoch', '0', 'gone', '1', 'short', short)
    redis.call('PEXPIRE', ck(c, args[2]), KEEP_FINISHED)
    return answer(c, 'ok')
  end
  if FINISHED[r.state] then
    if r.state == 'completed' then say_left(c, r, abandoned, short, long) end
    return answer(c, 'ok', r.epoch)
  end
  if HELD[r.state] or r.state == 'wrapping' then
    say_left(c, r, abandoned, short, long)
    redis.call('HSET', ck(c, r.id), 'gone', '1')
    if talk ~= '' then redis.call('HSET', ck(c, r.id), 'talk', talk) end
    note(c, r.id, 'left', nil, reason)
    if r.state == 'connecting' then
      no_deadline(c, 'x:' .. r.id)
      redis.call('HSET', ck(c, r.id), 'state', 'assigned')
      r.state = 'assigned'
      keep_open(c, r)
    end
  elseif r.kind == 'return_call' and reason ~= 'cancelled' then
    note(c, r.id, 'left', nil, reason)
  elseif r.own == 'elsewhere' then
    redis.call('HSET', ck(c, r.id), 'talk', talk)
    end_contact(c, r, 'completed')
  else
    r.short = short
    end_contact(c, r, 'abandoned')
  end
  return answer(c, 'ok', r.epoch)
end

local function purge(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local r = contact(c, args[2])
  if r and not FINISHED[r.state] then
    local had = HELD[r.state] or r.state == 'wrapping'
    end_contact(c, r, had and 'completed' or 'abandoned', had and r.agent or nil)
  end
  local key = ck(c, args[2])
  redis.call('DEL', key, c.d .. ':h:' .. args[2])
  redis.call('HSET', key, 'state', 'purged', 'epoch', int(r and r.epoch or 0))
  redis.call('PEXPIRE', key, KEEP_FINISHED)
  return answer(c, 'ok', r and r.epoch)
end
