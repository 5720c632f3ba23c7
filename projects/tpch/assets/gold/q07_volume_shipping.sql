/*
description = "What France and Germany have shipped to each other, by year"
*/
WITH shipping AS (
    SELECT
        sellers.n_name AS supp_nation,
        buyers.n_name AS cust_nation,
        year(l_shipdate) AS l_year,
        l_extendedprice * (1 - l_discount) AS volume
    FROM silver.supplier
    JOIN silver.lineitem ON s_suppkey = l_suppkey
    JOIN silver.orders ON o_orderkey = l_orderkey
    JOIN silver.customer ON c_custkey = o_custkey
    JOIN silver.nation AS sellers ON s_nationkey = sellers.n_nationkey
    JOIN silver.nation AS buyers ON c_nationkey = buyers.n_nationkey
    WHERE l_shipdate BETWEEN DATE '1995-01-01' AND DATE '1996-12-31'
        AND (
            (sellers.n_name = 'FRANCE' AND buyers.n_name = 'GERMANY')
            OR (sellers.n_name = 'GERMANY' AND buyers.n_name = 'FRANCE')
        )
)
SELECT supp_nation, cust_nation, l_year, sum(volume) AS revenue
FROM shipping
GROUP BY supp_nation, cust_nation, l_year
ORDER BY supp_nation, cust_nation, l_year
