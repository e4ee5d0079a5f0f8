-- Gives the slot's marker, and sets it where it is missing.   KEYS 1 marker   ARGV 1 value for a new one
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return redis.call('GET', KEYS[1])
