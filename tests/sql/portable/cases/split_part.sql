SELECT id, split_part(s, 'b', 1) AS r FROM t
