-- Lead, or go on leading. KEYS: lead. ARGV: who, for how many milliseconds.
-- Answer: 0 when another leads; else 1, or 2 when another led before and never resigned; then
-- whether it was like that when this one began to lead.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local was = redis.call('HMGET', KEYS[1], 'who', 'until', 'unclean')
local other = was[1] and was[1] ~= ARGV[1]
if other and tonumber(was[2]) > now then
  return {0, 0}
end
-- A first write that needs no room, so that a full server refuses none: somebody must lead to tell
-- people that it is full.
redis.call('HDEL', KEYS[1], 'until')
redis.call('HSET', KEYS[1], 'who', ARGV[1], 'until', string.format('%.0f', now + ARGV[2]))
if was[1] == ARGV[1] then
  return {1, tonumber(was[3])}
end
redis.call('HSET', KEYS[1], 'unclean', other and 1 or 0)
return {other and 2 or 1, other and 1 or 0}
