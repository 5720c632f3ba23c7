/*
description = "What each nation has earned with green parts, by year"
*/
WITH profit AS (
    SELECT
        n_name AS nation,
        year(o_orderdate) AS o_year,
        l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity AS amount
    FROM silver.part
    JOIN silver.lineitem ON p_partkey = l_partkey
    JOIN silver.supplier ON s_suppkey = l_suppkey
    JOIN silver.partsupp ON ps_suppkey = l_suppkey AND ps_partkey = l_partkey
    JOIN silver.orders ON o_orderkey = l_orderkey
    JOIN silver.nation ON s_nationkey = n_nationkey
    WHERE p_name LIKE '%green%'
)
SELECT nation, o_year, sum(amount) AS sum_profit
FROM profit
GROUP BY nation, o_year
ORDER BY nation, o_year DESC
