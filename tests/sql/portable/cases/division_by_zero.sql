SELECT id, a / b AS r, x / 0 AS z FROM t
