SELECT id, last_value(a IGNORE NULLS) OVER (ORDER BY id) AS r FROM t
