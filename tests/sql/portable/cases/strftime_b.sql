SELECT id, strftime(d, '%b %-d') AS r FROM t
