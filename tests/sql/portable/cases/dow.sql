SELECT id, extract(dow FROM d) AS r, dayofweek(d) AS r2 FROM t
