SELECT id, regexp_extract(s, '([0-9]+)', 1) AS r FROM t
