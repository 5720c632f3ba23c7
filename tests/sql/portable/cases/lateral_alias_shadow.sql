SELECT id, a + 1 AS a, a * 2 AS a2 FROM t
