SELECT id, epoch(ts) AS r FROM t
