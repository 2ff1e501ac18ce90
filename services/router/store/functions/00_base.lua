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

-- A command's context: `last` becomes the stream id of its newest event.
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
  local lines = redis.call('RPUSH', key, table.concat({ int(c.now), what, agent or '', detail or '' }, '|'))
  if lines > HISTORY then redis.call('LTRIM', key, -HISTORY, -1) end
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

-- A command that carries an id takes effect once: later ones get the first one's answer.
local function done_before(c, command)
  if command == '' then return nil end
  local found = redis.call('GET', c.d .. ':cmd:' .. command)
  if not found then return nil end
  local outcome, epoch = string.match(found, '^(%a+)|(%d+)$')
  return { outcome, epoch, '' }
end

local function done_now(c, command, answer)
  if command ~= '' then
    redis.call('SET', c.d .. ':cmd:' .. command, answer[1] .. '|' .. answer[2], 'PX', KEEP_COMMANDS)
  end
  return answer
end

-- A small memory of parsed texts: the same few profiles, requirements and steps come again and again.
local function remembering(parse)
  local known, size = {}, 0
  return function(text)
    local found = known[text]
    if found then return found end
    if size > 4096 then known, size = {}, 0 end
    found = parse(text)
    known[text], size = found, size + 1
    return found
  end
end

-- "a=2,b" as a set of levels and a list; no level is 1.
local set_of = remembering(function(text)
  local made = { has = {}, list = {} }
  for word in string.gmatch(text, '[^,]+') do
    local name, level = string.match(word, '^([^=]*)=?(%d*)$')
    made.has[name] = tonumber(level) or 1
    made.list[#made.list + 1] = name
  end
  return made
end)

local UNCOVERED = { protected = true }

-- "class|channel|skills" in its parts; `asked` is each skill with its level and whether `*` covers it, `wished` those
-- that nobody needs but that are asked first.
local parts_of = remembering(function(sig)
  local class, ch, skills = string.match(sig, '^(%d)|([^|]*)|(.*)$')
  local set, asked, wished = set_of(skills), {}, {}
  for _, name in ipairs(set.list) do
    if string.sub(name, 1, 1) == '?' then
      wished[#wished + 1] = string.sub(name, 2)
    elseif name ~= '+reserve' then
      asked[#asked + 1] = { name = name, level = set.has[name],
        covered = not UNCOVERED[name] and string.sub(name, 1, 5) ~= 'lang:' and string.sub(name, 1, 7) ~= 'signed:' }
    end
  end
  return { sig = sig, class = tonumber(class), ch = ch, skills = skills, asked = asked,
    wished = wished, reserves = set.has['+reserve'] ~= nil }
end)

-- "channels#skills" in its parts; `open` remembers the same narrowed to some of its channels.
local profile_parts = remembering(function(profile)
  local channels, skills = string.match(profile, '^([^#]*)#(.*)$')
  local has = set_of(skills).has
  return { channels = set_of(channels), skills = skills, has = has, every = has['*'] or 0,
    reserve = has['!reserve'] ~= nil, open = {}, fits = {}, known = 0 }
end)
