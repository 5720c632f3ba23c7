SELECT id, CAST(strptime('2024/03/0' || id, '%Y/%m/%d') AS DATE) AS r FROM t
