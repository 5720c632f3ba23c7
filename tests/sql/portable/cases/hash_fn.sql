SELECT id, hash(s) % 1 AS r FROM t
