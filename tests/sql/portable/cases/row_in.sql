SELECT id FROM t WHERE (a, b) IN (SELECT a, b FROM u)
