SELECT g, f, grouping(g) AS gg, count(*) AS n FROM t GROUP BY CUBE (g, f)
