WITH RECURSIVE r(id, path) AS (
  SELECT id, g FROM t WHERE id = 1
  UNION ALL
  SELECT t.id, r.path || '/' || t.s FROM t JOIN r ON t.id = r.id + 1
)
SELECT id, path FROM r
