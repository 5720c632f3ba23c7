SELECT id, trim(s, 'a') AS r, ltrim(s, 'aA') AS l FROM t
