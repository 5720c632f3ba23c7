/*
description = "Which supplier in Europe has a brass part of size 15 at the least cost"
*/
SELECT s_acctbal, s_name, n_name, p_partkey, p_mfgr, s_address, s_phone, s_comment
FROM silver.part
JOIN silver.partsupp ON p_partkey = ps_partkey
JOIN silver.supplier ON s_suppkey = ps_suppkey
JOIN silver.nation ON s_nationkey = n_nationkey
JOIN silver.region ON n_regionkey = r_regionkey
WHERE p_size = 15
    AND p_type LIKE '%BRASS'
    AND r_name = 'EUROPE'
    AND ps_supplycost = (
        SELECT min(costs.ps_supplycost)
        FROM silver.partsupp AS costs
        JOIN silver.supplier AS sellers ON sellers.s_suppkey = costs.ps_suppkey
        JOIN silver.nation AS homes ON sellers.s_nationkey = homes.n_nationkey
        JOIN silver.region AS parts_of_the_world ON homes.n_regionkey = parts_of_the_world.r_regionkey
        WHERE p_partkey = costs.ps_partkey AND parts_of_the_world.r_name = 'EUROPE'
    )
ORDER BY s_acctbal DESC, n_name, s_name, p_partkey
LIMIT 100
