-- See Store.grant.
-- KEYS    1 marker  2 record  3 owed set  4 unsettled set  5 credits  6 ledger
-- ARGV    1 key  2 forgetAfter (s)  3 request  4 signed  5 terms  6 settlement   returns 1, or 0 in another state
local key = ARGV[1]
local record = read(key)
if record and (record.state ~= 'credited' or is_leased(record)) then return 0 end
local fields = {}
if record then
  record.tries = '0'
else
  record = { state = 'credited', forgetAfter = ARGV[2], request = ARGV[3], signed = ARGV[4], terms = ARGV[5],
    settlement = ARGV[6], final = '1' }
  fields = { 'terms', record.terms, 'settlement', record.settlement }
end
redis.call('EXISTS', owed_set(key, record.request))
redis.call('HSET', at('payment', key), unpack(flatten(record, {})))
redis.call('PERSIST', at('payment', key))
index(key, record)
append(key, 'credited', fields)
return 1
