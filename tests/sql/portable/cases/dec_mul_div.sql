SELECT id, p * p AS m, p / 3 AS d FROM t
