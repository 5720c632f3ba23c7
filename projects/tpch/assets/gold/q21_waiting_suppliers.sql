/*
description = "Suppliers who alone have kept an order waiting"
*/
SELECT s_name, count(*) AS numwait
FROM silver.supplier
JOIN silver.lineitem AS late ON s_suppkey = late.l_suppkey
JOIN silver.orders ON o_orderkey = late.l_orderkey
JOIN silver.nation ON s_nationkey = n_nationkey
WHERE o_orderstatus = 'F'
    AND late.l_receiptdate > late.l_commitdate
    AND EXISTS (
        SELECT 1 FROM silver.lineitem AS others
        WHERE others.l_orderkey = late.l_orderkey AND others.l_suppkey <> late.l_suppkey
    )
    AND NOT EXISTS (
        SELECT 1 FROM silver.lineitem AS others
        WHERE others.l_orderkey = late.l_orderkey
            AND others.l_suppkey <> late.l_suppkey
            AND others.l_receiptdate > others.l_commitdate
    )
    AND n_name = 'SAUDI ARABIA'
GROUP BY s_name
ORDER BY numwait DESC, s_name
LIMIT 100
