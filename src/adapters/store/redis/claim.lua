-- See Store.claim; `claim` in rules.ts says the same.
-- KEYS    1 marker  2 record  3 due  4 owed set  5 unsettled set  6 identifier, where there is one
-- ARGV    1 the marker's value  2 key  3 token  4 lease (ms)  5 forgetAfter (s)  6 request  7 signed  8 terms
--         9 the identifier's name, or empty  10 its binding
-- returns { outcome, name, value, name, value, … }; `forgotten` where the marker is not the one the caller knows
local key, token, lease, forget_after, request, signed, terms, name, binding = unpack(ARGV, 2)
local own

local function reply(outcome, fields) return flatten(fields or {}, { outcome }) end

local function in_flight(record)
  return reply('in-flight', { retryAfter = math.max(1, math.ceil((tonumber(record.lease) - now) / 1000)) })
end

local function with_copy(other, fields)
  local copy = redis.call('HMGET', at('copy', other), 'head', 'body')
  if copy[1] then fields.head, fields.body = copy[1], copy[2] end
  return fields
end

-- What is served from a credit has its copy there.
local function stored(other, record)
  local fields = with_copy(record.against or other, { settlement = record.settlement })
  return fields.head and reply('stored', fields) or reply('identifier-spent')
end

local function earlier_unknown(other)
  schedule(other, now)
  return reply('earlier-unknown', { key = other, retryAfter = ASK_AGAIN_SECONDS })
end

local function owed(other, record)
  return reply('owed', with_copy(other, { key = other, settlement = record.settlement, tries = record.tries or 0 }))
end

local function identify(stands_for)
  if name == '' then return end
  redis.call('HSET', at('identifier', name), 'binding', binding, 'key', stands_for)
  redis.call('EXPIREAT', at('identifier', name), seconds_from_now(IDENTIFIER_MEMORY_SECONDS))
end

-- The first write where the payment is new: refused where memory is short.
local function write_claim(more)
  local record = { state = 'claimed', terms = terms, request = request, signed = signed, forgetAfter = forget_after,
    token = token, lease = text(now + lease) }
  for field, value in pairs(more) do record[field] = value end
  if own then redis.call('DEL', at('payment', key)) end
  redis.call('HSET', at('payment', key), unpack(flatten(record, {})))
  redis.call('EXPIREAT', at('payment', key), forget_after)
end

local function redeem(credit, record)
  local answer = owed(credit, record)
  take(credit, token, lease)
  if name ~= '' then redis.call('HSET', at('payment', credit), 'identifier', name) end
  write_claim({ against = credit })
  identify(credit)
  return answer
end

local function answer_known(own)
  if own.request ~= request or own.signed ~= signed then return 'other-request' end
  local answer = ANSWERS[own.state]
  return answer == 'owed' and is_exhausted(own) and 'exhausted' or answer
end

local function answer_own(own, answer)
  if answer == 'other-request' or answer == 'void' then return reply(answer) end
  if answer == 'spent' or answer == 'refunded' then return reply(answer, { settlement = own.settlement }) end
  if answer == 'refunding' then return reply('in-flight', { retryAfter = ASK_AGAIN_SECONDS }) end
  if is_leased(own) then return in_flight(own) end
  if answer == 'exhausted' then return reply(answer, { settlement = own.settlement }) end
  if answer == 'owed' then
    local service = owed(key, own)
    take(key, token, lease)
    return service
  end
  -- A reorg has undone the settlement of what was served: nothing is served again.
  if own.served == '1' then return reply('in-flight', { retryAfter = ASK_AGAIN_SECONDS }) end
  take(key, token, lease, true)
  return reply('unresolved', own)
end

-- Who works on it, if anybody: under its own lease, or under that of the credit it redeems.
local function worker_on(record)
  local holder = record
  if record.against then holder = read(record.against) or {} end
  return holder.token == record.token and is_leased(holder) and holder
end

local function through_identifier(other)
  local record = read(other)
  if not record or record.state == 'void' then return nil end
  if record.state == 'delivered' then return stored(other, record) end
  local worker = worker_on(record)
  if worker then return in_flight(worker) end
  if record.state == 'claimed' then
    remove(other)
    return nil
  end
  if UNSETTLED_STATES[record.state] then
    if record.reverted == '1' then return nil end
    return earlier_unknown(other)
  end
  local settlement = { settlement = record.settlement }
  if record.state == 'refunding' then return reply('in-flight', { retryAfter = ASK_AGAIN_SECONDS }) end
  if record.state == 'refunded' then return reply('refunded', settlement) end
  return is_exhausted(record) and reply('exhausted', settlement) or redeem(other, record)
end

-- Whether an earlier payment stands in the way of a new one. What is being served is another purchase; what was mined
-- without moving anything, or was tried as often as it may be, is none.
local function is_open(record)
  if UNSETTLED_STATES[record.state] then
    if record.reverted == '1' then return false end
  elseif is_exhausted(record) then
    return false
  end
  return not is_leased(record) or record.asking
end

local function earlier()
  for _, other in ipairs(redis.call('ZRANGE', owed_set(key, request), 0, -1)) do
    local record = other ~= key and read(other)
    if record and is_open(record) then
      if is_leased(record) or UNSETTLED_STATES[record.state] then return earlier_unknown(other) end
      return redeem(other, record)
    end
  end
  return nil
end

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return { 'forgotten' } end

local known = name ~= '' and redis.call('HMGET', at('identifier', name), 'binding', 'key') or {}
local named = known[2]
if known[1] and known[1] ~= binding then return reply('identifier-reused') end

own = read(key)
if own then
  local answer = answer_known(own)
  if answer == 'spent' and named then
    local first = read(named)
    if first and first.state == 'delivered' then return stored(named, first) end
  end
  if answer ~= 'claim' then return answer_own(own, answer) end
  local worker = worker_on(own)
  if worker then return in_flight(worker) end
end

local before = named and named ~= key and through_identifier(named) or earlier()
if before then return before end
write_claim(name ~= '' and { identifier = name } or {})
identify(key)
-- Those count that are claimed to be settled, too; what was forgotten meanwhile is taken off the list.
local unsettled = 0
for _, other in ipairs(redis.call('ZRANGE', unsettled_set(key), 0, -1)) do
  local record = other ~= key and read(other)
  if not record then member(unsettled_set(key), other, false)
  elseif record.state ~= 'claimed' or is_leased(record) then unsettled = unsettled + 1 end
end
member(unsettled_set(key), key, true)
return reply('claimed', { unsettled = unsettled })
