-- See Store.due.   KEYS 1 marker  2 due   ARGV 1 at most   returns { key, time, … }, the longest due first
return redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', text(now), 'WITHSCORES', 'LIMIT', 0, ARGV[1])
