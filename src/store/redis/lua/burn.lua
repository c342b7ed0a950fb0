-- Take the dead letters of people away. KEYS: letters. ARGV: the people.
local gone = {}
for _, person in ipairs(ARGV) do
  gone[person] = true
end
for _, letter in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  if gone[string.match(letter, '^(.-)|')] then
    redis.call('LREM', KEYS[1], 0, letter)
  end
end
return 1
