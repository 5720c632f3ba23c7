SELECT g, count(*) AS n FROM t GROUP BY g HAVING n > 1
