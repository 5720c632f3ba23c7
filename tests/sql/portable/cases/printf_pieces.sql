SELECT id, printf('%s: %d of %04d (100%%)', g, a, b * 1000 - a) AS r FROM t
