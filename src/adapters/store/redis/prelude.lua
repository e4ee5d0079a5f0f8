-- The tables of rules.ts on the slot of one payer; stands before every script that reads or moves a payment.
--
-- KEYS[1] is the slot's marker, and every key begins as it does. A script names in KEYS what it may touch: in a Cluster,
-- a slot that is on the move then refuses the whole script, before it has done anything. What only a record can name is read
-- before anything is written, for the same reason.
local prefix = string.sub(KEYS[1], 1, -#'marker' - 1)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function at(name, key) return prefix .. name .. ':' .. key end

-- A whole number in full; Lua itself writes a large one with an exponent.
local function text(number) return string.format('%.0f', number) end

local function seconds_from_now(span) return text(math.ceil(now / 1000 + span)) end

local function read(key)
  local flat = redis.call('HGETALL', at('payment', key))
  if #flat == 0 then return nil end
  local record = {}
  for i = 1, #flat, 2 do record[flat[i]] = flat[i + 1] end
  return record
end

local function flatten(record, list)
  for name, value in pairs(record) do
    list[#list + 1] = name
    list[#list + 1] = value
  end
  return list
end

local function is_leased(record) return (tonumber(record.lease) or 0) > now end

-- See isExhausted in domain/record.ts.
local function is_exhausted(record)
  return record.served == '1' or (tonumber(record.tries) or 0) >= MAX_DELIVERY_TRIES
end

local function is_closed(record)
  if not CLOSED_STATES[record.state] then return false end
  return record.state ~= 'delivered' or record.final == '1' or record.against ~= nil
end

-- Leases a record that stays as it is otherwise; with `asking` only to ask the chain, or for the operator.
local function take(key, token, lease, asking)
  redis.call('HSET', at('payment', key), 'token', token, 'lease', text(now + lease))
  if asking then
    redis.call('HSET', at('payment', key), 'asking', '1')
  else
    redis.call('HDEL', at('payment', key), 'asking')
  end
end

local function schedule(key, time)
  if time then redis.call('ZADD', prefix .. 'due', text(time), key) else redis.call('ZREM', prefix .. 'due', key) end
end

local function remove(key)
  redis.call('DEL', at('payment', key))
  schedule(key, nil)
end

local function owner_of(key) return string.match(key, '([^:]*):[^:]*$') or key end

local function owed_set(key, request) return at('owed', owner_of(key) .. ':' .. request) end

local function unsettled_set(key) return at('unsettled', owner_of(key)) end

-- A member keeps the place it was first given: sets are read in the order of arrival.
local function member(set, key, belongs)
  if belongs then
    redis.call('ZADD', set, 'NX', text(clock[1] * 1000000 + clock[2]), key)
  else
    redis.call('ZREM', set, key)
  end
end

local function index(key, record)
  local spent = record.served == '1' or (record.state == 'credited' and is_exhausted(record))
  member(owed_set(key, record.request), key, OWED_STATES[record.state] and not spent)
  member(unsettled_set(key), key, UNSETTLED_STATES[record.state])
  member(prefix .. 'credits', key, record.state == 'credited' or record.state == 'refunding')
end

local function append(key, event, fields)
  redis.call('XADD', prefix .. 'ledger', '*', 'key', key, 'event', event, unpack(fields))
end
