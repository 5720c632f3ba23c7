SELECT date_trunc('year', d) AS y, date_trunc('quarter', d) AS q, date_trunc('day', ts) AS dd, date_trunc('hour', ts) AS h FROM t
