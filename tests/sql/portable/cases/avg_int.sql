SELECT g, avg(a) AS r FROM t GROUP BY g
