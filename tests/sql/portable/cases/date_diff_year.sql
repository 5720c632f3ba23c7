SELECT id, date_diff('year', DATE '2023-12-31', d) AS r FROM t
