SELECT id, date_diff('hour', TIMESTAMP '2024-01-01 00:59:00', ts) AS r FROM t
