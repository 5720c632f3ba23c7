SELECT id, ascii(s) AS r FROM t
