SELECT id, if(a > 3, 'hi', 'lo') AS r, ifnull(a, 0) AS r2 FROM t
