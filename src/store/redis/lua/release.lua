-- Let go of somebody who was claimed. KEYS: the record, the shard's due set. ARGV: the version, 8
-- bytes as in the header, when they are due in milliseconds, the person.
-- Nothing when the record has changed since.
local standing = redis.call('GETRANGE', KEYS[1], 1, 8)
if standing == ARGV[1] then
  redis.call('ZADD', KEYS[2], 'XX', ARGV[2], ARGV[3])
end
