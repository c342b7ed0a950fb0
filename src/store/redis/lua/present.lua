-- Tell that a process is there. KEYS: present. ARGV: who, for how many milliseconds, for how many a
-- process that went away without leaving is remembered.
-- Answer: whether there is one.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[3]))
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
return redis.call('ZCOUNT', KEYS[1], '-inf', string.format('(%.0f', now)) > 0 and 1 or 0
