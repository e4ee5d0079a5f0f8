-- The nonces of one relayer; lanes-rules.ts says the same.
-- KEYS    1 lane: a hash of `base`, and of { payment, raw, since } as JSON under each nonce that is out
-- ARGV    1 take: 2 floor  3 payment, or empty             returns the nonce, or nil
--         1 write: 2 nonce  3 raw  4 over, or empty        returns 1, or 0
--         1 give-back: 2 nonce
--         1 mined: 2 count
--         1 flights: 2 count                               returns { base, nonce, JSON, … }
local lane, operation, number = KEYS[1], ARGV[1], tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local base, out, count = 0, {}, 0
local flat = redis.call('HGETALL', lane)
for i = 1, #flat, 2 do
  if flat[i] == 'base' then base = tonumber(flat[i + 1]) else out[tonumber(flat[i])] = flat[i + 1] end
end

local function set_base(to)
  base = to
  redis.call('HSET', lane, 'base', to)
  for nonce in pairs(out) do
    if nonce < to then
      redis.call('HDEL', lane, nonce)
      out[nonce] = nil
    end
  end
end

local function fly(nonce, payment, raw)
  redis.call('HSET', lane, nonce, cjson.encode({ payment = payment, raw = raw, since = now }))
end

local function given(value) return value ~= '' and value or nil end

if operation == 'mined' or operation == 'take' then
  if number > base then set_base(number) end
  if operation == 'mined' then return end
  for _ in pairs(out) do count = count + 1 end
  if count >= MAX_IN_FLIGHT then return nil end
  local nonce = base
  while out[nonce] do nonce = nonce + 1 end
  fly(nonce, given(ARGV[3]))
  return nonce
end
if operation == 'write' then
  local flight = out[number] and cjson.decode(out[number]) or {}
  if number < base or flight.raw ~= given(ARGV[4]) then return 0 end
  fly(number, flight.payment, ARGV[3])
  return 1
end
if operation == 'give-back' then return redis.call('HDEL', lane, number) end
if number ~= base then set_base(number) end
local reply = { base }
for nonce, flight in pairs(out) do
  reply[#reply + 1] = nonce
  reply[#reply + 1] = flight
end
return reply
