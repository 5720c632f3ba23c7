SELECT g, f, count(*) AS n FROM t GROUP BY GROUPING SETS ((g), (f), ())
