SELECT myid + 1 AS r FROM (SELECT id AS "MyId" FROM t)
