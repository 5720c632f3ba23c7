SELECT id, extract(epoch FROM (ts - TIMESTAMP '2024-01-01 00:00:00')) AS r FROM t
