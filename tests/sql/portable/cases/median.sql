SELECT g, median(a) AS r FROM t GROUP BY g
