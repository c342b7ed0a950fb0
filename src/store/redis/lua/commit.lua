-- Put a record in the place of the one that stands, if nothing hinders it.
-- KEYS: the record, the shard's due set of the first lane, that of the other lane, the shard's active
-- set.
-- ARGV: the expected version and the update, 8 bytes each as in the header (no update: empty), the
-- new record, its due and active milliseconds, when it expires (no due, no expiry: empty), the
-- person, the channel to wake others.
-- Answer: "applied"; or "already" or "conflict" and the record that stands, if there is one.
-- The header's places are those of packed.rs, counted from 1.
local standing = redis.call('GET', KEYS[1])
if standing then
  if ARGV[2] ~= '' then
    local width, count = string.byte(standing, 28) or 8, string.byte(standing, 27) or 0
    if string.sub(standing, 29, 36 - width) == string.sub(ARGV[2], 1, 8 - width) then
      if width == 0 then
        return {'already', standing}
      end
      local last, seen = string.sub(ARGV[2], 9 - width), string.sub(standing, 37 - width, 36 - width + count * width)
      local at = string.find(seen, last, 1, true)
      while at do
        -- The end of one and the beginning of the next may look alike.
        if (at - 1) % width == 0 then
          return {'already', standing}
        end
        at = string.find(seen, last, at + 1, true)
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
-- written; this is why the first is one that needs room.
if ARGV[6] == '' then
  redis.call('SET', KEYS[1], ARGV[3])
else
  redis.call('SET', KEYS[1], ARGV[3], 'PXAT', ARGV[6])
end
-- What the indexes say already is not said again.
if not standing or string.sub(standing, 19, 26) ~= string.sub(ARGV[3], 19, 26) then
  redis.call('ZADD', KEYS[4], ARGV[5], ARGV[7])
end
local sets = {[1] = KEYS[3], [2] = KEYS[2]}
local was, is = standing and string.byte(standing, 10) or 0, string.byte(ARGV[3], 10)
if was ~= is and sets[was] then
  redis.call('ZREM', sets[was], ARGV[7])
end
if sets[is] then
  -- Somebody who is due later than before is no news to anybody.
  local may_be_first = was ~= is or tonumber(ARGV[4]) < struct.unpack('>i8', standing, 11)
  local soonest = may_be_first and redis.call('ZRANGE', sets[is], 0, 0, 'WITHSCORES')[2]
  redis.call('ZADD', sets[is], ARGV[4], ARGV[7])
  if may_be_first and (not soonest or tonumber(ARGV[4]) < tonumber(soonest)) then
    -- Who may not publish may still commit.
    redis.pcall('PUBLISH', ARGV[8], ARGV[4])
  end
end
return {'applied'}
