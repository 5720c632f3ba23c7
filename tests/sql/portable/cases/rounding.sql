SELECT round(x) AS a, round(x, 1) AS b, round(p, 1) AS c, round(a, -1) AS d, trunc(p) AS e FROM t
