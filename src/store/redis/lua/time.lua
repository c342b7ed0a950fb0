-- The time of the server that has the key, in seconds and microseconds since 1970. KEYS: meta, so
-- that all processes ask the same node of a Cluster.
return redis.call('TIME')
