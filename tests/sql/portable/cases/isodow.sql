SELECT id, extract(isodow FROM d) AS r FROM t
