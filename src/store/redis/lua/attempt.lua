-- Count a try. KEYS: attempts. ARGV: the update, for how many milliseconds counts are kept.
local count = redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return count
