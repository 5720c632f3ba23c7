SELECT id, round(p, -1) AS r FROM t
