SELECT g, string_agg(s, ',' ORDER BY id DESC) AS r FROM t GROUP BY g
