-- Put a record in the place of the one that stands, if nothing hinders it.
-- KEYS: the record, the shard's due set of the record's lane, that of the other lane, the shard's
-- active set.
-- ARGV: the expected version and the update, 8 bytes each as in the header (no update: empty), the
-- new record, its due and active milliseconds, when it expires (no due, no expiry: empty), the
-- person, the channel to wake others.
-- Answer: "applied"; or "already" or "conflict" and the record that stands, if there is one.
-- The header's places are those of packed.rs, counted from 1.
local standing = redis.call('GET', KEYS[1])
if standing then
  if ARGV[2] ~= '' then
    local width = string.byte(standing, 28) or 8
    if string.sub(standing, 29, 36 - width) == string.sub(ARGV[2], 1, 8 - width) then
      local last = string.sub(ARGV[2], 9 - width)
      for n = 0, (string.byte(standing, 27) or 0) - 1 do
        local from = 37 - width + n * width
        if string.sub(standing, from, from + width - 1) == last then
          return {'already', standing}
        end
      end
    end
  end
  if string.sub(standing, 2, 9) ~= ARGV[1] then
    return {'conflict', standing}
  end
elseif ARGV[1] ~= '\0\0\0\0\0\0\0\0' then
  return {'conflict'}
end
-- A full server refuses the first write of a script and no later one, so that nothing is left half
-- written; this is why the first is one that needs room. An index without a record does no harm.
redis.call('ZADD', KEYS[4], ARGV[5], ARGV[7])
redis.call('ZREM', KEYS[3], ARGV[7])
if ARGV[4] == '' then
  redis.call('ZREM', KEYS[2], ARGV[7])
else
  local soonest = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2]
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[7])
  if not soonest or tonumber(ARGV[4]) < tonumber(soonest) then
    -- Who may not publish may still commit.
    redis.pcall('PUBLISH', ARGV[8], '')
  end
end
redis.call('SET', KEYS[1], ARGV[3])
if ARGV[6] ~= '' then
  redis.call('PEXPIREAT', KEYS[1], ARGV[6])
end
return {'applied'}
