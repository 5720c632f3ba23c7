SELECT id, row_number() OVER (PARTITION BY g ORDER BY a + b, id) AS r FROM t
