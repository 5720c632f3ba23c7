SELECT id, a + 1 AS a1, a1 * 2 AS a2 FROM t
