SELECT t.g AS T, count(*) AS n FROM t GROUP BY t.g HAVING max(t.id) > 1 ORDER BY t.g NULLS FIRST
