SELECT id AS "user", a AS "group" FROM t
