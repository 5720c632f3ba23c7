SELECT id, d + 1 AS r FROM t
