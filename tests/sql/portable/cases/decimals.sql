SELECT id, p * p * 1.5 AS r, p + a AS q, sum(p) OVER () * 0.25 AS w FROM t
