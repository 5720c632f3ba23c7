SELECT id, date_trunc('month', ts) AS r FROM t
