-- Takes the right to work on a payment, or tells why not. See Store.claim; domain/record.ts states the rules.
-- KEYS[1] record
-- ARGV    1 fingerprint  2 payer  3 version  4 forgetAfter (s)  5 token  6 lease (ms)  7 most delivery tries
-- returns { outcome, retryAfter (s), field, value, field, value, … }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lease = now + tonumber(ARGV[6])
local known = redis.call('HMGET', KEYS[1], 'state', 'fingerprint', 'lease', 'tries')
local state = known[1]

if not state then
  redis.call('HSET', KEYS[1], 'state', 'claimed', 'fingerprint', ARGV[1], 'payer', ARGV[2], 'version', ARGV[3],
    'forgetAfter', ARGV[4], 'token', ARGV[5], 'lease', lease)
  redis.call('EXPIREAT', KEYS[1], ARGV[4])
  return { 'claimed', 0 }
end

local function answer(outcome, wait)
  local fields = redis.call('HGETALL', KEYS[1])
  table.insert(fields, 1, outcome)
  table.insert(fields, 2, wait or 0)
  return fields
end

if known[2] ~= ARGV[1] then return answer('other-request') end
if state == 'delivered' then return answer('spent') end
if state == 'void' then return answer('void') end
local left = (tonumber(known[3]) or 0) - now
if left > 0 then return answer('in-flight', math.ceil(left / 1000)) end

local outcome = 'owed'
if state == 'claimed' then outcome = 'claimed'
elseif state == 'settling' or state == 'unknown' then outcome = 'unresolved'
elseif (tonumber(known[4]) or 0) >= tonumber(ARGV[7]) then return answer('exhausted') end
redis.call('HSET', KEYS[1], 'token', ARGV[5], 'lease', lease)
return answer(outcome)
