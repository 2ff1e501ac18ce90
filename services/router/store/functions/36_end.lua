-- How a contact ends: completed (with after-work, when it has any) or abandoned; and how it goes back to waiting.

local function say_completed(c, r, agent_id, case_type, since)
  tell(c, r, 'contact.completed.v1', 'agent_id', agent_id or '', 'case_type', case_type or '', 'channel', r.ch,
    'talk_seconds', r.talk or '0', 'after_work_seconds', tostring(since and (c.now - since) / 1000 or 0))
end

local function end_contact(c, r, state, agent_id, case_type)
  local held = HELD[r.state] or r.state == 'wrapping'
  local holder = (r.state == 'offered' or held) and agent(c, r.agent) or nil
  local since = r.state == 'wrapping' and r.since or nil
  if r.state == 'waiting' then leave_line(c, r) end
  finish(c, r, state)
  if state == 'abandoned' then
    tell(c, r, 'contact.abandoned.v1', 'channel', r.ch, 'queue', r.queue,
      'waited_seconds', tostring(waited(c, r) / 1000), 'short', r.short or '')
  else
    say_completed(c, r, agent_id, case_type, since)
  end
  if r.kind ~= 'consult' then emit(c, 'gone', r.id) end
  note(c, r.id, state, agent_id)
  if holder then
    drop_item(c, holder, r, held)
    match_agent(c, agent(c, holder.id))
  end
end

-- "timed:30000" in its parts; nil when no after-work follows.
local function wrap_of(r)
  if not r.wrap then return nil end
  local mode, ms = string.match(r.wrap, '^(%a+):(%d+)$')
  return mode, tonumber(ms)
end

-- The contact is over, its agent is not: it keeps its capacity until its own after-work ends.
local function wrap_up(c, r, case_type)
  local mode, ms = wrap_of(r)
  local till = c.now + ms
  no_deadline(c, 'x:' .. r.id)
  redis.call('HDEL', c.d .. ':hold:' .. r.agent, r.id)
  move(c, r, 'wrapping')
  r.as = case_type
  redis.call('HSET', ck(c, r.id), 'as', case_type or '', 'until', int(till), 'since', int(c.now))
  deadline(c, 'w:' .. r.id, till)
  tell(c, r, 'contact.wrap_up_started.v1', 'agent_id', r.agent, 'mode', mode, 'until', int(till))
  keep_open(c, r)
  note(c, r.id, 'wrap_up', r.agent, mode)
end

local function done_with(c, r, agent_id, case_type)
  if HELD[r.state] and wrap_of(r) and r.kind ~= 'consult' and presence_of(c, r.agent) ~= 'offline' then
    return wrap_up(c, r, case_type)
  end
  end_contact(c, r, 'completed', agent_id, case_type)
end

-- Waits again, at its old place; the caller has said what happened.
local function wait_again(c, r)
  count_in(c, r)
  arm_step(c, r)
  settle(c, r)
end

-- Back at its old place; whoever had it is free for something else. Her dwell is over.
local function give_back(c, r, kind, cool_ms, pause_ms, ...)
  local A = agent(c, r.agent)
  no_deadline(c, 'o:' .. r.id, 'x:' .. r.id)
  local held = HELD[r.state]
  r.agent, r.accepted = nil, nil
  move(c, r, 'waiting')
  redis.call('HDEL', ck(c, r.id), 'accepted', 'taken', 'expires', 'why')
  if r.pref == A.id and (r.hold or 0) > c.now then keep_until(c, r, c.now) end
  tell(c, r, kind, 'agent_id', A.id, ...)
  if held then keep_open(c, r) end
  drop_item(c, A, r, held, pause_ms)
  cool_down(c, r.id, A.id, cool_ms)
  wait_again(c, r)
  match_agent(c, agent(c, A.id))
end
