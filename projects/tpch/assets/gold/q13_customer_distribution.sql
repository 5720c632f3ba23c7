/*
description = "How many customers have how many orders, special requests apart"
*/
WITH counts AS (
    SELECT c_custkey, count(o_orderkey) AS c_count
    FROM silver.customer
    LEFT JOIN silver.orders
        ON c_custkey = o_custkey AND o_comment NOT LIKE '%special%requests%'
    GROUP BY c_custkey
)
SELECT c_count, count(*) AS custdist
FROM counts
GROUP BY c_count
ORDER BY custdist DESC, c_count DESC
