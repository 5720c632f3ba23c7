SELECT id, a + 1 AS a1 FROM t ORDER BY a1, id
