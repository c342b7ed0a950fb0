-- Erase some of those who were last active until a moment. KEYS: the shard's due sets, the shard's
-- active set. ARGV: the milliseconds, what the names of the shard's records begin with, the most.
-- Answer: who was erased.
local gone = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, person in ipairs(gone) do
  redis.call('DEL', ARGV[2] .. person)
  redis.call('ZREM', KEYS[1], person)
  redis.call('ZREM', KEYS[2], person)
  redis.call('ZREM', KEYS[3], person)
end
return gone
