SELECT t.id, u.a FROM t LEFT JOIN u ON u.id = t.id AND u.a = (SELECT max(v.a) FROM u AS v WHERE v.id = t.id)
