SELECT id, date_trunc('week', d) AS r FROM t
