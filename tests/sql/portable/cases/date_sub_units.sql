SELECT id, date_sub('month', DATE '2024-01-31', d) AS m, date_sub('year', d, DATE '2024-02-29') AS y, date_sub('week', d, DATE '2024-02-29') AS w FROM t
