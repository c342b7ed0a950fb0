-- The people of a shard. KEYS: the shard's active set. ARGV: the bounds of when they were last
-- active, as ZRANGEBYSCORE reads them, and what the names of the shard's records begin with.
-- Answer: those who have a record; one may have expired.
local found = {}
for _, person in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], ARGV[2])) do
  if redis.call('EXISTS', ARGV[3] .. person) == 1 then
    found[#found + 1] = person
  end
end
return found
