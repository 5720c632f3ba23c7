SELECT id, row_number() OVER (PARTITION BY g ORDER BY id) AS rn FROM t QUALIFY rn = 1
