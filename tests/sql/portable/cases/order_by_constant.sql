SELECT 5 AS c, id FROM t ORDER BY c, id
