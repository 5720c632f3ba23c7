SELECT id, md5(s) AS r FROM t
