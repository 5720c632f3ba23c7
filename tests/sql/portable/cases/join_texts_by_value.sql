SELECT g, string_agg(s, ',' ORDER BY s DESC) AS r FROM t GROUP BY g
