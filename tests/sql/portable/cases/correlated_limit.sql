SELECT id, (SELECT u.a FROM u WHERE u.id = t.id ORDER BY u.a LIMIT 1) AS a FROM t
