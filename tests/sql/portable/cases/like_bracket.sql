SELECT id FROM t WHERE s LIKE '%[a]%'
