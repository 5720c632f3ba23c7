SELECT g, string_agg(s, ',' ORDER BY a, id) AS r FROM t GROUP BY g
