SELECT id, make_date(2024, id, 1) AS r FROM t
