SELECT id, s || '-' || g AS r FROM t
