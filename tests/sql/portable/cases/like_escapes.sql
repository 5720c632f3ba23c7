SELECT id FROM t WHERE s LIKE '%\%' OR s LIKE 'a!_%' ESCAPE '!' OR s ILIKE '%[A]'
