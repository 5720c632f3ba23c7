SELECT id, regexp_replace(s, '[a-z]', 'X') AS r FROM t
