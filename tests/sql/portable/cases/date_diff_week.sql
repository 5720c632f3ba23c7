SELECT id, date_diff('week', DATE '2024-01-06', d) AS r FROM t
