-- Lengthens a lease if the token still owns it. See Store.renew.
-- KEYS[1] record   ARGV 1 token  2 lease (ms)   returns 1, or 0 when the lease was lost
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'lease', time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[2]))
return 1
