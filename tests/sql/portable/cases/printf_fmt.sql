SELECT id, printf('%03d', a) AS r FROM t
