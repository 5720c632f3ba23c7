SELECT id, regexp_replace(s, '[a-z]', 'X', 'g') AS r FROM t
