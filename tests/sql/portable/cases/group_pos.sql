SELECT upper(g), count(*) FROM t GROUP BY 1
