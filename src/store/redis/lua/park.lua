-- Keep a dead letter. KEYS: letters. ARGV: the letter, how many are kept.
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], -ARGV[2], -1)
return 1
