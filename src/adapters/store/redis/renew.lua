-- See Store.renew.
-- KEYS 1 marker  2 record   ARGV 1 key  2 token  3 lease (ms)   returns 1, or 0 when the lease was lost
if redis.call('HGET', KEYS[2], 'token') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[2], 'lease', text(now + ARGV[3]))
return 1
