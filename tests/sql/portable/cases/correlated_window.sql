SELECT id FROM t WHERE a IN (SELECT sum(u.a) OVER () FROM u WHERE u.id = t.id)
