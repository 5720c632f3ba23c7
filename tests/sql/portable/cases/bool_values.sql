SELECT id, a > 3 AND f AS r, NOT f AS q, max(f) OVER () AS m FROM t WHERE f = (a > 3)
