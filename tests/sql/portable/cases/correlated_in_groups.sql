SELECT id FROM t WHERE id IN (SELECT u.id FROM u WHERE u.a = t.a GROUP BY u.id HAVING count(*) > 0)
