SELECT id FROM t WHERE f = true AND (a > 1) = true
