/*
description = "How many orders of a quarter had a line that came late, by priority"
*/
SELECT o_orderpriority, count(*) AS order_count
FROM silver.orders
WHERE o_orderdate >= DATE '1993-07-01'
    AND o_orderdate < DATE '1993-07-01' + INTERVAL 3 MONTH
    AND EXISTS (
        SELECT 1 FROM silver.lineitem
        WHERE l_orderkey = o_orderkey AND l_commitdate < l_receiptdate
    )
GROUP BY o_orderpriority
ORDER BY o_orderpriority
