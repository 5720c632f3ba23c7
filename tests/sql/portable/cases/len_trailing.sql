SELECT id, length(s || '  ') AS r FROM t
