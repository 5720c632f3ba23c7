SELECT id, a || b AS r FROM t
