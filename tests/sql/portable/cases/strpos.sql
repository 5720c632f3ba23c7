SELECT id, strpos(s, 'b') AS r, position('c' IN s) AS r2 FROM t
