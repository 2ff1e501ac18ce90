-- The commands on a contact. Each checks its precondition, changes everything at once, and says so in the out-stream.
-- They answer { outcome, epoch, stream id of the newest event }; outcome is ok, conflict or unknown.

local function answer(c, outcome, epoch)
  return { outcome, int(epoch or 0), c.last }
end

-- The same command again (a lost answer) is the same answer: each verb remembers the epoch that it worked on.
local function repeated(c, id, verb, epoch)
  return redis.call('HGET', ck(c, id), 'x_' .. verb) == int(epoch)
end

local function remember(c, id, verb, epoch)
  redis.call('HSET', ck(c, id), 'x_' .. verb, int(epoch))
end

-- Back at its old place; whoever held it is free for something else.
local function give_back(c, r, kind, cool_ms, ...)
  local A = agent(c, r.agent)
  no_deadline(c, 'o:' .. r.id, 'x:' .. r.id)
  local held = HELD[r.state]
  r.agent, r.accepted = nil, nil
  move(c, r, 'waiting')
  redis.call('HDEL', ck(c, r.id), 'accepted', 'taken', 'expires')
  emit(c, kind, r.id, 'epoch', int(r.epoch), 'agent_id', A.id, ...)
  if held then keep_open(c, r) end
  drop_item(c, A, r.id, held)
  cool_down(c, r.id, A.id, cool_ms)
  count_in(c, r)
  line_up(c, r)
  match_contact(c, r)
  match_agent(c, agent(c, A.id))
end

local function say_completed(c, r, agent_id, case_type)
  emit(c, 'contact.completed.v1', r.id, 'epoch', int(r.epoch), 'agent_id', agent_id or '',
    'case_type', case_type or '', 'channel', r.ch, 'talk_seconds', r.talk or '0')
end

local function end_contact(c, r, state, agent_id, case_type)
  local held = HELD[r.state]
  local holder = (r.state == 'offered' or held) and agent(c, r.agent) or nil
  if r.state == 'waiting' then leave_line(c, r) end
  finish(c, r, state)
  if state == 'abandoned' then
    emit(c, 'contact.abandoned.v1', r.id, 'epoch', int(r.epoch), 'channel', r.ch, 'queue', r.queue,
      'waited_seconds', tostring((c.now - r.arr) / 1000))
  else
    say_completed(c, r, agent_id, case_type)
  end
  emit(c, 'gone', r.id)
  note(c, r.id, state, agent_id)
  if holder then
    drop_item(c, holder, r.id, held)
    match_agent(c, holder)
  end
end

local function enqueue(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local id = args[2]
  local known = contact(c, id)
  if known and known.state ~= 'early' then
    c.last = known.sid or ''
    return answer(c, 'known', known.epoch)
  end
  local r = { id = id, sig = args[3], turn = tonumber(args[4]), arr = tonumber(args[5]), queue = args[6],
    ch = args[7], pref = args[8] ~= '' and args[8] or nil, state = 'waiting', epoch = c.gen * EPOCHS + 1 }
  local key = ck(c, id)
  redis.call('HSET', key, 'state', 'waiting', 'epoch', int(r.epoch), 'sig', r.sig, 'turn', args[4], 'arr', args[5],
    'queue', r.queue, 'ch', r.ch, 'pref', args[8], 'body', args[9], 'priority', args[14])
  redis.call('PERSIST', key)
  emit(c, 'routed', id, 'v', args[10], 'i', args[11], 'time', args[12], 'tp', args[13])
  emit(c, 'contact.queued.v1', id, 'epoch', int(r.epoch), 'queue', r.queue, 'channel', r.ch, 'priority', args[14])
  if known then
    end_contact(c, r, 'completed')
  else
    keep_open(c, r)
    count_in(c, r)
    line_up(c, r)
    match_contact(c, r)
  end
  redis.call('HSET', key, 'sid', c.last)
  return answer(c, 'ok', r.epoch)
end

local function accept(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local r, epoch, agent_id, connecting_ms = contact(c, args[2]), args[3], args[4], tonumber(args[5])
  if not r then return answer(c, 'unknown') end
  local hers = agent_id == '' or agent_id == r.agent
  if hers and HELD[r.state] and r.taken == epoch then return answer(c, 'ok', r.epoch) end
  if not hers or r.state ~= 'offered' or int(r.epoch) ~= epoch then return answer(c, 'conflict', r.epoch) end
  local connecting = connecting_ms > 0 and r.ch == 'phone'
  no_deadline(c, 'o:' .. r.id, 'm:' .. r.id)
  r.accepted = c.now
  move(c, r, connecting and 'connecting' or 'assigned')
  redis.call('HSET', ck(c, r.id), 'accepted', int(c.now), 'taken', epoch)
  if connecting then deadline(c, 'x:' .. r.id, c.now + connecting_ms) end
  redis.call('HDEL', ak(c, r.agent), 'offer')
  redis.call('DEL', c.d .. ':cool:' .. r.id)
  count_out(c, r)
  emit(c, 'offer.accepted.v1', r.id, 'epoch', int(r.epoch), 'offer_id', r.id .. '.' .. epoch, 'agent_id', r.agent,
    'channel', r.ch, 'queue', r.queue, 'waited_seconds', tostring((c.now - r.arr) / 1000))
  keep_open(c, r)
  note(c, r.id, 'accepted', r.agent)
  return answer(c, 'ok', r.epoch)
end

-- Both ends have heard each other: the call is no longer waiting for its line.
local function connected(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local r = contact(c, args[2])
  if not r then return answer(c, 'unknown') end
  if r.state == 'assigned' then return answer(c, 'ok', r.epoch) end
  if r.state ~= 'connecting' or int(r.epoch) ~= args[3] then return answer(c, 'conflict', r.epoch) end
  no_deadline(c, 'x:' .. r.id)
  redis.call('HSET', ck(c, r.id), 'state', 'assigned')
  r.state = 'assigned'
  keep_open(c, r)
  return answer(c, 'ok', r.epoch)
end

local function decline(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local r, epoch, agent_id, reason = contact(c, args[2]), args[3], args[4], args[5]
  if not r then return answer(c, 'unknown') end
  if repeated(c, r.id, 'decline', epoch) then return answer(c, 'ok', r.epoch) end
  local hers = agent_id == '' or agent_id == r.agent
  if not hers or r.state ~= 'offered' or int(r.epoch) ~= epoch then return answer(c, 'conflict', r.epoch) end
  remember(c, r.id, 'decline', epoch)
  note(c, r.id, 'declined', r.agent, reason)
  give_back(c, r, 'offer.declined.v1', tonumber(args[6]), 'offer_id', r.id .. '.' .. epoch, 'reason', reason)
  return answer(c, 'ok', r.epoch)
end

local function requeue(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local r, epoch, agent_id, queue, reason = contact(c, args[2]), args[3], args[4], args[5], args[6]
  if not r then return answer(c, 'unknown') end
  if repeated(c, r.id, 'requeue', epoch) then return answer(c, 'ok', r.epoch) end
  local hers = agent_id == '' or agent_id == r.agent
  if not hers or not HELD[r.state] or int(r.epoch) ~= epoch then return answer(c, 'conflict', r.epoch) end
  remember(c, r.id, 'requeue', epoch)
  if queue ~= '' then
    r.queue = queue
    redis.call('HSET', ck(c, r.id), 'queue', queue)
  end
  note(c, r.id, 'requeued', r.agent, reason)
  give_back(c, r, 'contact.requeued.v1', tonumber(args[7]), 'queue', r.queue, 'reason', reason)
  return answer(c, 'ok', r.epoch)
end

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
  if FINISHED[r.state] then
    local same = forced or repeated(c, id, 'complete', epoch)
    return answer(c, same and 'ok' or 'conflict', r.epoch)
  end
  local hers = agent_id == '' or agent_id == r.agent
  if not forced and (not hers or not HELD[r.state] or int(r.epoch) ~= epoch) then
    return answer(c, 'conflict', r.epoch)
  end
  remember(c, id, 'complete', forced and int(r.epoch) or epoch)
  end_contact(c, r, 'completed', r.state ~= 'waiting' and r.agent or agent_id, case_type)
  return answer(c, 'ok', r.epoch)
end

-- The citizen is gone: what nobody has accepted is abandoned, and an open offer is withdrawn first.
local function cancel(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local r, reason, talk = contact(c, args[2]), args[3], args[4]
  if not r then return answer(c, 'unknown') end
  if FINISHED[r.state] then return answer(c, 'ok', r.epoch) end
  if HELD[r.state] then
    if talk ~= '' then redis.call('HSET', ck(c, r.id), 'talk', talk) end
    note(c, r.id, 'left', nil, reason)
  else
    end_contact(c, r, 'abandoned')
  end
  return answer(c, 'ok', r.epoch)
end

local function purge(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local r = contact(c, args[2])
  if r and not FINISHED[r.state] then
    end_contact(c, r, HELD[r.state] and 'completed' or 'abandoned', HELD[r.state] and r.agent or nil)
  end
  local key = ck(c, args[2])
  redis.call('DEL', key, c.d .. ':h:' .. args[2])
  redis.call('HSET', key, 'state', 'purged', 'epoch', int(r and r.epoch or 0))
  redis.call('PEXPIRE', key, KEEP_FINISHED)
  return answer(c, 'ok', r and r.epoch)
end
