/*
description = "Suppliers in Canada with more forest parts in stock than they sold in half a year"
*/
SELECT s_name, s_address
FROM silver.supplier
JOIN silver.nation ON s_nationkey = n_nationkey
WHERE n_name = 'CANADA'
    AND s_suppkey IN (
        SELECT ps_suppkey
        FROM silver.partsupp
        WHERE ps_partkey IN (SELECT p_partkey FROM silver.part WHERE p_name LIKE 'forest%')
            AND ps_availqty > (
                SELECT 0.5 * sum(l_quantity)
                FROM silver.lineitem
                WHERE l_partkey = ps_partkey
                    AND l_suppkey = ps_suppkey
                    AND l_shipdate >= DATE '1994-01-01'
                    AND l_shipdate < DATE '1994-01-01' + INTERVAL 1 YEAR
            )
    )
ORDER BY s_name
