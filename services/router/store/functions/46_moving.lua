-- The commands that send a contact elsewhere: back in line, to a colleague, to a later time; and what supervisors do.

-- Out of line, changed, and in again: place kept.
local function rearrange_waiting(c, r, change)
  leave_line(c, r)
  count_out(c, r)
  change()
  count_in(c, r)
  line_up(c, r)
  arm_step(c, r)
end

-- `to` is a queue, an agent, and a time before which nobody is offered it; empty: as it was.
local function send_to(c, r, queue, agent_id, from)
  if queue ~= '' then ask_for(c, r, queue) end
  if agent_id ~= '' then
    r.pref, r.hold, r.dwell = agent_id, nil, TRANSFER_MS
    redis.call('HSET', ck(c, r.id), 'pref', agent_id, 'dwell', TRANSFER_MS)
    redis.call('HDEL', ck(c, r.id), 'hold')
  end
  if from ~= '' then
    r.from = tonumber(from)
    redis.call('HSET', ck(c, r.id), 'from', from)
  end
end

local function requeue(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local r, epoch, agent_id, reason = contact(c, args[2]), args[3], args[4], args[6]
  if not r then return answer(c, 'unknown') end
  if repeated(c, r.id, 'requeue', epoch) then return answer(c, 'ok', r.epoch) end
  if not is_hers(r, agent_id) or not HELD[r.state] or int(r.epoch) ~= epoch then
    return answer(c, 'conflict', r.epoch)
  end
  remember(c, r.id, 'requeue', epoch)
  send_to(c, r, args[5], args[8], args[9])
  note(c, r.id, 'requeued', r.agent, reason)
  give_back(c, r, 'contact.requeued.v1', tonumber(args[7]), 0, 'queue', r.queue, 'reason', reason)
  return answer(c, 'ok', r.epoch)
end

-- We call back instead of being waited for. Asked by the citizen while she waits (epoch empty), or promised by the agent
-- who holds the contact, who then makes the call.
local function return_call(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local before = done_before(c, args[6])
  if before then return before end
  local r, at, epoch, agent_id = contact(c, args[2]), args[3], args[4], args[5]
  if not r then return answer(c, 'unknown') end
  local by_agent = HELD[r.state] and int(r.epoch) == epoch and is_hers(r, agent_id)
  if not by_agent and not (epoch == '' and (r.state == 'waiting' or r.state == 'offered')) then
    return answer(c, 'conflict', r.epoch)
  end
  local said = { 'queue', r.queue, 'call_at', at }
  r.kind = 'return_call'
  redis.call('HSET', ck(c, r.id), 'kind', r.kind)
  note(c, r.id, 'return_call', by_agent and r.agent or nil)
  if r.state == 'waiting' then
    rearrange_waiting(c, r, function() send_to(c, r, '', '', at) end)
    move(c, r, 'waiting')
    tell(c, r, 'contact.return_call_promised.v1', unpack(said))
    match_contact(c, r)
  else
    send_to(c, r, '', by_agent and r.agent or '', at)
    give_back(c, r, 'contact.return_call_promised.v1', 0, 0, unpack(said))
  end
  keep_open(c, r)
  return done_now(c, args[6], answer(c, 'ok', r.epoch))
end

-- A warm transfer: the colleague has accepted the question about the contact, and now the contact itself.
local function transfer(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local r, epoch, agent_id, k = contact(c, args[2]), args[3], args[4], contact(c, args[5])
  if not r then return answer(c, 'unknown') end
  if repeated(c, r.id, 'transfer', epoch) then return answer(c, 'ok', r.epoch) end
  local agreed = k and k.kind == 'consult' and HELD[k.state] and k.agent ~= r.agent
  if not agreed or not HELD[r.state] or not is_hers(r, agent_id) or int(r.epoch) ~= epoch then
    return answer(c, 'conflict', r.epoch)
  end
  remember(c, r.id, 'transfer', epoch)
  local from, to = agent(c, r.agent), agent(c, k.agent)
  no_deadline(c, 'x:' .. r.id)
  r.agent = to.id
  move(c, r, 'assigned')
  take_item(c, to, r)
  drop_item(c, from, r, true)
  end_contact(c, k, 'completed', to.id)
  tell(c, r, 'contact.transferred.v1', 'agent_id', to.id, 'from_agent', from.id)
  keep_open(c, r)
  note(c, r.id, 'transferred', to.id, from.id)
  match_agent(c, agent(c, from.id))
  return answer(c, 'ok', r.epoch)
end

local function conference(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local r, epoch, agent_id, officer = contact(c, args[2]), args[3], args[4], args[5]
  if not r then return answer(c, 'unknown') end
  if not HELD[r.state] or not is_hers(r, agent_id) or int(r.epoch) ~= epoch then
    return answer(c, 'conflict', r.epoch)
  end
  if redis.call('HGET', ck(c, r.id), 'x_conference') == epoch .. officer then return answer(c, 'ok', r.epoch) end
  redis.call('HSET', ck(c, r.id), 'x_conference', epoch .. officer)
  tell(c, r, 'contact.conferenced.v1', 'agent_id', r.agent, 'officer_id', officer)
  note(c, r.id, 'conferenced', r.agent, officer)
  return answer(c, 'ok', r.epoch)
end

local function say_acted(c, act, by, reason, ...)
  emit(c, 'supervisor.acted.v1', (select(2, ...)) or 'all', 'act', act, 'by', by, 'reason', reason, ...)
end

-- A supervisor moves a waiting contact to another queue or class; it keeps its place by arrival and due time.
local function rearrange(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local before = done_before(c, args[7])
  if before then return before end
  local r, queue, class, by, reason = contact(c, args[2]), args[3], tonumber(args[4]), args[5], args[6]
  if not r then return answer(c, 'unknown') end
  local function change() ask_for(c, r, queue ~= '' and queue or nil, class) end
  if r.state == 'waiting' then
    rearrange_waiting(c, r, change)
    move(c, r, 'waiting')
  elseif r.state == 'offered' then
    count_out(c, r)
    change()
    count_in(c, r)
  else
    return answer(c, 'conflict', r.epoch)
  end
  local act = queue ~= '' and 'moved' or 'raised'
  tell(c, r, 'contact.moved.v1', 'queue', r.queue, 'priority', r.priority, 'step', int(r.step), 'reason', act)
  say_acted(c, act, by, reason, 'contact_id', r.id, 'queue', r.queue)
  note(c, r.id, act, by, reason)
  keep_open(c, r)
  if r.state == 'waiting' then match_contact(c, r) end
  return done_now(c, args[7], answer(c, 'ok', r.epoch))
end

-- A supervisor takes a contact from its agent, whatever she does with it; after-work is ended.
local function release_contact(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local before = done_before(c, args[5])
  if before then return before end
  local r, by, reason = contact(c, args[2]), args[3], args[4]
  if not r then return answer(c, 'unknown') end
  if not (HELD[r.state] or r.state == 'offered' or r.state == 'wrapping') then return answer(c, 'conflict', r.epoch) end
  say_acted(c, 'released', by, reason, 'contact_id', r.id, 'agent_id', r.agent)
  note(c, r.id, 'released', r.agent, by)
  if r.state == 'wrapping' then
    end_contact(c, r, 'completed', r.agent, r.as)
  elseif r.state == 'offered' then
    give_back(c, r, 'offer.expired.v1', COOL_MS, 0, 'offer_id', r.id .. '.' .. int(r.epoch))
  else
    give_back(c, r, 'contact.requeued.v1', COOL_MS, 0, 'queue', r.queue, 'reason', 'released')
  end
  return done_now(c, args[5], answer(c, 'ok', r.epoch))
end

local function note_act(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local key = args[5] ~= '' and args[5] or args[6] ~= '' and args[6] or args[7] ~= '' and args[7] or 'all'
  emit(c, 'supervisor.acted.v1', key, 'act', args[2], 'by', args[3], 'reason', args[4], 'contact_id', args[5],
    'agent_id', args[6], 'queue', args[7])
  return answer(c, 'ok')
end
