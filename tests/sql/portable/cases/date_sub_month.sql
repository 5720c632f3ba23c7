SELECT id, date_sub('month', DATE '2024-01-31', d) AS r FROM t
