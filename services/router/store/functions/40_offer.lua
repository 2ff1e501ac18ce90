-- The commands on a contact and its offer. Each checks its precondition, changes everything at once, and says so in the
-- out-stream. They answer { outcome, epoch, stream id of the newest event }; outcome is ok, conflict or unknown.

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

local function is_hers(r, agent_id)
  return agent_id == '' or agent_id == r.agent
end

-- The contact that the arguments of `enqueue` describe, as `contact` would read it.
local function described(c, args)
  local function said(n) return args[n] ~= '' and args[n] or nil end
  return { id = args[2], state = 'waiting', epoch = c.gen * EPOCHS + 1, sig = args[3], turn = tonumber(args[4]),
    arr = tonumber(args[5]), queue = args[6], ch = args[7], pref = said(8), body = args[9], priority = args[10],
    kind = args[11], from = tonumber(args[12]), dwell = tonumber(args[13]), steps = said(14),
    step = tonumber(args[15]), wrap = said(16), tells = said(17), own = said(18) }
end

local function enqueue(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local id, key = args[2], ck(c, args[2])
  local known = redis.call('HMGET', key, 'state', 'epoch', 'sid', 'gone', 'claim', 'short', 'claimed')
  local early = known[1] == 'early'
  if known[1] and not early then
    c.last = known[3] or ''
    return answer(c, 'known', tonumber(known[2]))
  end
  local r = described(c, args)
  redis.call('HSET', key, 'state', 'waiting', 'epoch', int(r.epoch), 'sig', args[3], 'turn', args[4],
    'arr', args[5], 'queue', args[6], 'ch', args[7], 'pref', args[8], 'body', args[9], 'priority', args[10],
    'kind', args[11], 'from', args[12], 'dwell', args[13], 'steps', args[14], 'step', args[15], 'wrap', args[16],
    'tells', args[17], 'own', args[18])
  if early or known[7] then redis.call('PERSIST', key) end
  if args[19] ~= '' then emit(c, 'routed', id, 'v', args[19], 'i', args[20], 'time', args[21], 'tp', args[22]) end
  tell(c, r, 'contact.queued.v1', 'queue', r.queue, 'channel', r.ch, 'priority', args[10])
  if early and (known[5] or '') == '' then
    r.short = known[6]
    end_contact(c, r, known[4] and not known[5] and 'abandoned' or 'completed')
  elseif early and not known[4] then
    end_contact(c, r, 'completed', known[5])
  elseif known[5] then
    redis.call('HDEL', key, 'claim')
    answered_by(c, r, known[5], false)
  else
    keep_open(c, r)
    wait_again(c, r)
  end
  redis.call('HSET', key, 'sid', c.last)
  return answer(c, 'ok', r.epoch)
end

local function accept(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local r, epoch, agent_id, connecting_ms = contact(c, args[2]), args[3], args[4], tonumber(args[5])
  if not r then return answer(c, 'unknown') end
  local hers = is_hers(r, agent_id)
  if hers and HELD[r.state] and r.taken == epoch then return answer(c, 'ok', r.epoch) end
  if not hers or r.state ~= 'offered' or int(r.epoch) ~= epoch then return answer(c, 'conflict', r.epoch) end
  local connecting = connecting_ms > 0 and r.tells and not r.gone and (r.kind or 'contact') == 'contact'
  no_deadline(c, 'o:' .. r.id, 'm:' .. r.id, 's:' .. r.id)
  r.accepted = c.now
  move(c, r, connecting and 'connecting' or 'assigned')
  redis.call('HSET', ck(c, r.id), 'accepted', int(c.now), 'taken', epoch)
  if connecting then deadline(c, 'x:' .. r.id, c.now + connecting_ms) end
  local A = agent(c, r.agent)
  redis.call('HDEL', ak(c, A.id), 'offer')
  redis.call('DEL', c.d .. ':cool:' .. r.id)
  count_out(c, r)
  count_taken(c, A)
  tell(c, r, 'offer.accepted.v1', 'offer_id', r.id .. '.' .. epoch, 'agent_id', A.id, 'channel', r.ch,
    'queue', r.queue, 'waited_seconds', tostring(waited(c, r) / 1000), 'connecting', connecting and '1' or '')
  keep_open(c, r)
  note(c, r.id, 'accepted', A.id)
  if LIVE[r.ch] then hold_others(c, A) end
  return answer(c, 'ok', r.epoch)
end

-- Both ends have heard each other: the call is no longer waiting for its line. Who holds it without having waited for
-- that (a transfer) is noted as through, so that a late word of her phone being busy changes nothing.
local function connected(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local r = contact(c, args[2])
  if not r then return answer(c, 'unknown') end
  if not HELD[r.state] or int(r.epoch) ~= args[3] then return answer(c, 'conflict', r.epoch) end
  redis.call('HSET', ck(c, r.id), 'through', args[3])
  if r.state == 'connecting' then
    no_deadline(c, 'x:' .. r.id)
    redis.call('HSET', ck(c, r.id), 'state', 'assigned')
    r.state = 'assigned'
    say_connected(c, r, tonumber(args[4] or ''))
    keep_open(c, r)
  end
  return answer(c, 'ok', r.epoch)
end

-- Her phone was busy or silent: the caller waits again at her old place, and others are asked before her.
local function not_answered(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local r, epoch = contact(c, args[2]), args[3]
  if not r then return answer(c, 'unknown') end
  if repeated(c, r.id, 'not_answered', epoch) then return answer(c, 'ok', r.epoch) end
  if not HELD[r.state] or int(r.epoch) ~= epoch or r.through == epoch or r.gone then
    return answer(c, 'conflict', r.epoch)
  end
  remember(c, r.id, 'not_answered', epoch)
  note(c, r.id, 'requeued', r.agent, 'not_answered')
  give_back(c, r, 'contact.requeued.v1', COOL_MS, INTERVAL_MS, 'queue', r.queue, 'reason', 'not_answered')
  return answer(c, 'ok', r.epoch)
end

local function decline(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local r, epoch, agent_id, reason = contact(c, args[2]), args[3], args[4], args[5]
  if not r then return answer(c, 'unknown') end
  if repeated(c, r.id, 'decline', epoch) then return answer(c, 'ok', r.epoch) end
  if not is_hers(r, agent_id) or r.state ~= 'offered' or int(r.epoch) ~= epoch then
    return answer(c, 'conflict', r.epoch)
  end
  remember(c, r.id, 'decline', epoch)
  note(c, r.id, 'declined', r.agent, reason)
  if r.kind == 'consult' then
    end_contact(c, r, 'abandoned')
  else
    give_back(c, r, 'offer.declined.v1', tonumber(args[6]), INTERVAL_MS, 'offer_id', r.id .. '.' .. epoch,
      'reason', reason)
  end
  return answer(c, 'ok', r.epoch)
end
