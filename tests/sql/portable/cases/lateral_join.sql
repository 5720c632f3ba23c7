SELECT t.id, l.m FROM t, LATERAL (SELECT max(u.b) AS m FROM u WHERE u.id <= t.id) l
