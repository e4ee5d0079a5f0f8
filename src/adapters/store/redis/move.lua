-- See Store.move; `move` in rules.ts says the same.
-- KEYS    1 marker  2 record  3 copy  4 due  5 unsettled set  6 credits  7 ledger  8 the companion's record, where there is one
-- ARGV    1 key  2 token  3 state  4 lookIn (ms), or empty  5 the companion's key, or empty
--         6 head of the response to keep, or empty  7 its body  8 how many values were learnt
--         9… learnt: field, value, …  then, for the ledger: field, value, …
-- returns 1, or 0 when the record is another's or cannot go there
local key, token, to, look_in, companion, head, body = unpack(ARGV)
local before = read(key)
if not before or before.token ~= token or not NEXT_STATES[before.state][to] then return 0 end
-- Named only by the record, so it is sought before anything is written; see the prelude on slots that are on the move.
redis.call('EXISTS', owed_set(key, before.request))

local record, noted = {}, to ~= before.state
for field, value in pairs(before) do record[field] = value end
-- At rest nobody holds a record; and once the chain has said what became of it, whoever does is not asking any more.
if RESTING_STATES[to] then record.token, record.lease = nil, nil end
if RESTING_STATES[to] or not UNSETTLED_STATES[to] then record.asking = nil end
local last = 8 + ARGV[8]
for i = 9, last, 2 do
  record[ARGV[i]] = ARGV[i + 1]
  if ARGV[i] == 'attempt' or ARGV[i] == 'settlement' or ARGV[i] == 'refund' then noted = true end
end
record.state = to

local function plan()
  local closed = is_closed(record)
  local look_at = look_in ~= '' and now + look_in or tonumber(record.lease)
  schedule(key, not closed and look_at or nil)
  if not closed then return end
  local named = record.identifier and seconds_from_now(IDENTIFIER_MEMORY_SECONDS) or 0
  redis.call('EXPIREAT', at('payment', key), text(math.max(record.forgetAfter, named)))
end

local function close_copy()
  if not record.identifier or to ~= 'delivered' then return redis.call('DEL', at('copy', key)) end
  redis.call('EXPIREAT', at('copy', key), seconds_from_now(IDENTIFIER_MEMORY_SECONDS))
end

local function close_companion()
  local other = read(companion)
  if not other or other.token ~= token or other.state ~= 'claimed' then return end
  if to == 'delivered' or (to == 'delivering' and record.served == '1') then
    redis.call('HDEL', at('payment', companion), 'token', 'lease', 'asking')
    redis.call('HSET', at('payment', companion), 'state', 'delivered', 'against', key)
    if record.settlement then redis.call('HSET', at('payment', companion), 'settlement', record.settlement) end
    append(companion, 'delivered', { 'terms', other.terms, 'against', key })
  elseif RESTING_STATES[to] then
    remove(companion)
  end
end

-- What needs no memory comes first: where it is short Redis refuses a script whose first write would add to it, and what is
-- under way must come to its end.
redis.call('PERSIST', at('payment', key))
redis.call('HSET', at('payment', key), 'state', to, unpack(ARGV, 9, last))
if not record.token then redis.call('HDEL', at('payment', key), 'token', 'lease') end
if not record.asking then redis.call('HDEL', at('payment', key), 'asking') end
if head ~= '' then
  redis.call('DEL', at('copy', key))
  redis.call('HSET', at('copy', key), 'head', head, 'body', body)
  redis.call('EXPIREAT', at('copy', key), seconds_from_now(COPY_MEMORY_SECONDS))
end
index(key, record)
plan()
if CLOSED_STATES[to] then close_copy() end
if companion ~= '' then close_companion() end
if noted then
  local fields = { unpack(ARGV, last + 1) }
  if before.state == 'claimed' then
    fields[#fields + 1] = 'terms'
    fields[#fields + 1] = before.terms
  end
  append(key, to, fields)
end
return 1
