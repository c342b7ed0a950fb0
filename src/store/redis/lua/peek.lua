-- Look who is due. KEYS: due sets. ARGV: the present in milliseconds (or +inf), the most.
-- Answer: person, milliseconds, person, milliseconds, ... soonest first over all sets.
local most = tonumber(ARGV[2])
-- A few of each set are read, and more only of those sets of which all that was read may count.
local some = math.max(1, math.ceil(most / #KEYS))
local found, sets = {}, {}
for n, due in ipairs(KEYS) do
  sets[n] = {due = due, read = 0}
end
local function sooner(one, other)
  return one.at < other.at
end
while #sets > 0 do
  local full = {}
  for _, set in ipairs(sets) do
    local here = redis.call('ZRANGEBYSCORE', set.due, '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', set.read, some)
    for n = 1, #here, 2 do
      found[#found + 1] = {person = here[n], score = here[n + 1], at = tonumber(here[n + 1])}
    end
    if #here == 2 * some then
      set.read, set.last = set.read + some, tonumber(here[#here])
      full[#full + 1] = set
    end
  end
  table.sort(found, sooner)
  for n = #found, most + 1, -1 do
    found[n] = nil
  end
  sets = {}
  for _, set in ipairs(full) do
    if #found < most or set.last < found[most].at then
      sets[#sets + 1] = set
    end
  end
end
local answer = {}
for _, one in ipairs(found) do
  answer[#answer + 1] = one.person
  answer[#answer + 1] = one.score
end
return answer
