SELECT year(d) AS y, week(d) AS w, dayofweek(d) AS dw, isodow(d) AS iw, extract(isoyear FROM d) AS iy, second(ts) AS s FROM t
