SELECT id, substring(s, 0, 2) AS r FROM t
