SELECT g, sum(a) / count(*) AS r FROM t GROUP BY g
