SELECT id, (SELECT u.g FROM u WHERE u.id = t.id AND u.id < 3) AS g FROM t
