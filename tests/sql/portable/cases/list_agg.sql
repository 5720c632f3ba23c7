SELECT g, list(id ORDER BY id) AS r FROM t GROUP BY g
