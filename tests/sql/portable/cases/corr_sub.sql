SELECT id, (SELECT max(b) FROM u WHERE u.id <= t.id) AS m FROM t
