-- Look who is due. KEYS: due sets. ARGV: the present in milliseconds (or +inf), the most of each.
-- Answer: person, milliseconds, person, milliseconds, ...
local found = {}
for _, due in ipairs(KEYS) do
  local here = redis.call('ZRANGEBYSCORE', due, '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[2])
  for _, part in ipairs(here) do
    found[#found + 1] = part
  end
end
return found
