-- What time does to those who wait: wider rings, other queues, and the moment from which something may be offered.

local function is_ring(step)
  return step.skills ~= nil and not step.queue and not step.class and not step.calls and not step.gives_up
end

local function take_step(c, r)
  local step = next_step(r)
  r.step = r.step + 1
  redis.call('HSET', ck(c, r.id), 'step', int(r.step))
  if step.gives_up then return end_contact(c, r, 'abandoned') end
  rearrange_waiting(c, r, function() ask_for(c, r, step.queue, step.class, step.skills) end)
  move(c, r, 'waiting')
  tell(c, r, 'contact.moved.v1', 'queue', r.queue, 'priority', r.priority or 'normal', 'step', int(r.step),
    'reason', 'overflow')
  if step.calls then tell(c, r, 'contact.return_call_offered.v1', 'queue', r.queue) end
  keep_open(c, r)
  note(c, r.id, 'overflow', nil, int(r.step))
  arm_step(c, r)
end

-- A step that is due: taken at once; of a contact on offer when it comes back.
local function step_due(c, r)
  if r.state == 'waiting' and next_step(r) then
    take_step(c, r)
    if r.state == 'waiting' then match_contact(c, r) end
  elseif r.state == 'offered' and next_step(r) and steps_of(r.steps)[r.step + 1].gives_up then
    end_contact(c, r, 'abandoned')
  end
end

-- During a peak rings are at once as wide as they would become: one page of those that have steps to come.
local function hasten(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local found = redis.call('ZSCAN', c.d .. ':lease', args[2], 'MATCH', 's:*', 'COUNT', PAGE)
  local done = 0
  for i = 1, #found[2], 2 do
    local r = contact(c, string.sub(found[2][i], 3))
    local moved = false
    while r and r.state == 'waiting' and next_step(r) and is_ring(next_step(r)) do
      take_step(c, r)
      moved = true
    end
    if moved then
      done = done + 1
      match_contact(c, r)
    end
  end
  return { done, found[1], c.last }
end

-- A queue is open again: one page of those that waited for that, oldest first; `from` tells them from others who wait
-- for a time. All are in line before the first is matched.
local function let_in(keys, args)
  local c, stale = begin(keys, args)
  if not c then return stale end
  local start, let = tonumber(args[3]), {}
  local page = redis.call('ZRANGE', c.d .. ':w:' .. args[2], start, start + PAGE - 1)
  for _, id in ipairs(page) do
    local r = contact(c, id)
    if r and r.state == 'waiting' and r.from and int(r.from) == args[4] then
      leave_line(c, r)
      r.from = nil
      redis.call('HDEL', ck(c, r.id), 'from')
      keep_open(c, r)
      line_up(c, r)
      arm_step(c, r)
      let[#let + 1] = r.id
    end
  end
  for _, id in ipairs(let) do
    local r = contact(c, id)
    if r.state == 'waiting' then match_contact(c, r) end
  end
  return { #let, #page < PAGE and '0' or int(start + PAGE), c.last }
end

-- Its time has come, or its preferred agent has been waited for long enough. Another's is given up: its end was lost.
local function let_others(c, r)
  if r.state ~= 'waiting' then return end
  if is_anothers(r) then
    note(c, r.id, 'given_up')
    return end_contact(c, r, r.own == 'elsewhere' and 'completed' or 'abandoned')
  end
  leave_line(c, r)
  line_up(c, r)
  match_contact(c, r)
end
