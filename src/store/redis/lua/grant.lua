-- Let messages be sent, as a generic cell rate algorithm counts them. KEYS: budget. ARGV: the most
-- that are asked for, how many may be sent in a second; as many may be sent at once.
-- Answer: how many may be sent, and in how many microseconds the next may.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local most, rate = tonumber(ARGV[1]), tonumber(ARGV[2])
local gap = 1000000 / rate
-- When the budget is whole again. Each message moves it by one gap, and never further than a second.
local whole = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
-- Further ahead than it can be: the clock was set back.
if whole > now + 2000000 then
  whole = now
end
local count = math.max(0, math.min(most, math.floor((now + 1000000 - whole) / gap + 0.000001)))
whole = whole + count * gap
if count > 0 then
  -- A first write that needs no room, so that a full server lets people be told that it is full.
  redis.call('DEL', KEYS[1])
  redis.call('SET', KEYS[1], string.format('%.0f', whole), 'PX', 2000)
end
if count == most then
  return {count, 0}
end
return {count, math.max(1, math.ceil(whole + gap - now - 1000000))}
