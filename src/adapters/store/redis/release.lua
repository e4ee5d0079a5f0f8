-- Forgets a claim if the token still owns it and nothing was sent for it. See Store.release.
-- KEYS[1] record   ARGV 1 token   returns 1, or 0
local known = redis.call('HMGET', KEYS[1], 'token', 'state')
if known[1] ~= ARGV[1] or known[2] ~= 'claimed' then return 0 end
return redis.call('DEL', KEYS[1])
