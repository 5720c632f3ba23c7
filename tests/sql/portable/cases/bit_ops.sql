SELECT id, a & 3 AS r1, a | 8 AS r2, xor(a, 1) AS r3, (b << 2) AS r4 FROM t
