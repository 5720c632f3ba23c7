SELECT g, string_agg(DISTINCT s, ',' ORDER BY s) AS r FROM t GROUP BY g
