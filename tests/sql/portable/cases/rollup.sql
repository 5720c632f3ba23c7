SELECT g, f, count(*) AS n FROM t GROUP BY ROLLUP (g, f)
