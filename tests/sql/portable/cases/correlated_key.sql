SELECT (SELECT count(*) FROM u WHERE u.id = t.id) AS n, count(*) AS m FROM t GROUP BY n
