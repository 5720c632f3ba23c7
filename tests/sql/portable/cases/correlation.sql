SELECT g, corr(a, x) AS r FROM t GROUP BY g
