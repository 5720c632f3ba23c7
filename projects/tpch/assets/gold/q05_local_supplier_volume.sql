/*
description = "Revenue in Asia in 1994 where customer and supplier are of one nation"
*/
SELECT n_name, sum(l_extendedprice * (1 - l_discount)) AS revenue
FROM silver.customer
JOIN silver.orders ON c_custkey = o_custkey
JOIN silver.lineitem ON l_orderkey = o_orderkey
JOIN silver.supplier ON l_suppkey = s_suppkey AND c_nationkey = s_nationkey
JOIN silver.nation ON s_nationkey = n_nationkey
JOIN silver.region ON n_regionkey = r_regionkey
WHERE r_name = 'ASIA'
    AND o_orderdate >= DATE '1994-01-01'
    AND o_orderdate < DATE '1994-01-01' + INTERVAL 1 YEAR
GROUP BY n_name
ORDER BY revenue DESC, n_name
