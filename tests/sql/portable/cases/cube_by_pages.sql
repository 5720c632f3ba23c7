SELECT g, f, count(*) AS n FROM t GROUP BY CUBE (g, f) HAVING count(*) > 1 ORDER BY g, f LIMIT 3 OFFSET 1
