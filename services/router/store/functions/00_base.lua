-- Time, generation, keys and events. Python puts the constants (COST, GRACE, ...) and VERSION before this file.
-- KEYS[1] is the domain's key `{domain}`; every other key is built from it, so all lie in one slot.
-- ARGV[1] is always the generation that the caller knows: another one is refused and changes nothing.

local function int(n)
  return string.format('%.0f', n)
end

local function now_ms(d)
  local t = redis.call('TIME')
  local offset = redis.call('GET', d .. ':clock')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000) + (tonumber(offset or 0) or 0)
end

-- A command's context: `last` becomes the stream id of its newest event, `sent` the agents that it woke.
local function begin(keys, args)
  local d = keys[1]
  local gen = redis.call('HGET', d .. ':meta', 'gen')
  if gen ~= args[1] then
    return nil, redis.error_reply('STALE the routing state has another generation')
  end
  return { d = d, now = now_ms(d), gen = tonumber(gen), last = '' }
end

local function emit(c, kind, key, ...)
  c.last = redis.call('XADD', c.d .. ':out', '*', 't', kind, 'k', key, 'at', int(c.now), ...)
end

-- What happened to a contact, for people: the newest HISTORY lines.
local function note(c, id, what, agent, detail)
  local key = c.d .. ':h:' .. id
  redis.call('RPUSH', key, table.concat({ int(c.now), what, agent or '', detail or '' }, '|'))
  redis.call('LTRIM', key, -HISTORY, -1)
end

local function deadline(c, member, at)
  redis.call('ZADD', c.d .. ':lease', int(at), member)
end

local function no_deadline(c, ...)
  redis.call('ZREM', c.d .. ':lease', ...)
end

local function record(key, fields, numbers)
  local values = redis.call('HMGET', key, unpack(fields))
  local r = {}
  for i, field in ipairs(fields) do
    if values[i] and values[i] ~= '' then
      r[field] = numbers[field] and tonumber(values[i]) or values[i]
    end
  end
  return r
end
