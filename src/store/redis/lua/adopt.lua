-- Note the count of shards and the format when nothing is noted. KEYS: meta. ARGV: both.
-- Answer: what is noted.
redis.call('HSETNX', KEYS[1], 'shards', ARGV[1])
redis.call('HSETNX', KEYS[1], 'format', ARGV[2])
return redis.call('HMGET', KEYS[1], 'shards', 'format')
