SELECT id AS "MyId", a AS "Order" FROM t
