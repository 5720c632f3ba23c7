SELECT * FROM (SELECT id % 2 AS k, g, a FROM t) PIVOT (sum(a) FOR g IN ('x', 'y'))
