SELECT id, a > 3 AS r FROM t
