-- See Store.release.
-- KEYS 1 marker  2 record  3 due   ARGV 1 key  2 token   returns 1, or 0 when the claim was lost, or more than a claim
local record = read(ARGV[1])
if not record or record.token ~= ARGV[2] or record.state ~= 'claimed' then return 0 end
local identifier = record.identifier and at('identifier', record.identifier)
if identifier and redis.call('HGET', identifier, 'key') == ARGV[1] then redis.call('DEL', identifier) end
remove(ARGV[1])
member(unsettled_set(ARGV[1]), ARGV[1], false)
return 1
