SELECT id, j ->> '$.k' AS r FROM t
