-- Moves a record on if the token still owns it. See Store.move.
-- KEYS[1] record
-- ARGV    1 token  2 state  3 '1' when the state is a resting one  4 '1' when it is a closed one  5… field, value, …
-- returns 1, or 0 when the lease was lost
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[2], unpack(ARGV, 5))
if ARGV[3] == '1' then redis.call('HDEL', KEYS[1], 'token', 'lease') end
if ARGV[4] == '1' then
  redis.call('EXPIREAT', KEYS[1], redis.call('HGET', KEYS[1], 'forgetAfter'))
else
  redis.call('PERSIST', KEYS[1])
end
return 1
