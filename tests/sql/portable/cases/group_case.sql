SELECT s, count(*) AS n FROM t GROUP BY s
