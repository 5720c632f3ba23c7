/*
description = "The share of Brazil in what America bought of one type of steel"
*/
WITH volumes AS (
    SELECT
        year(o_orderdate) AS o_year,
        l_extendedprice * (1 - l_discount) AS volume,
        sellers.n_name AS nation
    FROM silver.part
    JOIN silver.lineitem ON p_partkey = l_partkey
    JOIN silver.supplier ON s_suppkey = l_suppkey
    JOIN silver.orders ON l_orderkey = o_orderkey
    JOIN silver.customer ON o_custkey = c_custkey
    JOIN silver.nation AS buyers ON c_nationkey = buyers.n_nationkey
    JOIN silver.region ON buyers.n_regionkey = r_regionkey
    JOIN silver.nation AS sellers ON s_nationkey = sellers.n_nationkey
    WHERE r_name = 'AMERICA'
        AND o_orderdate BETWEEN DATE '1995-01-01' AND DATE '1996-12-31'
        AND p_type = 'ECONOMY ANODIZED STEEL'
)
SELECT
    o_year,
    sum(CASE WHEN nation = 'BRAZIL' THEN volume ELSE 0 END) / sum(volume) AS mkt_share
FROM volumes
GROUP BY o_year
ORDER BY o_year
