-- Lead no longer. KEYS: lead. ARGV: who.
if redis.call('HGET', KEYS[1], 'who') == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return 1
