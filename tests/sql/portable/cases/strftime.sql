SELECT id, strftime(ts, '%Y-%m-%d %H:%M') AS r FROM t
