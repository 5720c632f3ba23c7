SELECT id, a // b AS r FROM t WHERE b <> 0
