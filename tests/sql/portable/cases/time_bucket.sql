SELECT time_bucket(INTERVAL 15 MINUTE, ts) AS r, count(*) AS n FROM t GROUP BY 1
