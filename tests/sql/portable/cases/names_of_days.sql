SELECT id, dayname(d) AS day, monthname(d) AS month, yearweek(d) AS week, weekday(d) AS number FROM t
