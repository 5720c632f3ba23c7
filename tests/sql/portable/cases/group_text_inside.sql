SELECT upper(g) AS g, substring(s, 1, 2) AS r, count(*) AS n FROM t GROUP BY t.g, t.s
