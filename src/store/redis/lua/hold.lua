-- Hold people who are due. KEYS: for each the record and the shard's due set. ARGV: when the lease
-- ends in milliseconds, then for each the person and the milliseconds at which they were due.
-- Answer: for each the record, or nothing when somebody else was faster or there is none.
local found = {}
for n = 1, #KEYS / 2 do
  local record, due = KEYS[2 * n - 1], KEYS[2 * n]
  local person, was = ARGV[2 * n], ARGV[2 * n + 1]
  local is = redis.call('ZSCORE', due, person)
  found[n] = false
  if is and tonumber(is) == tonumber(was) then
    local standing = redis.call('GET', record)
    if standing then
      redis.call('ZADD', due, ARGV[1], person)
      found[n] = standing
    else
      redis.call('ZREM', due, person)
    end
  end
end
return found
