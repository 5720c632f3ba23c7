SELECT id, trunc(x) AS r, sign(x) AS s1, ceil(x) AS c, floor(x) AS fl FROM t
