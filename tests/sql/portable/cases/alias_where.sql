SELECT id, a + 1 AS a1 FROM t WHERE a1 > 3
