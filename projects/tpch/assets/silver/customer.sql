/*
description = "Those who order"
key = ["c_custkey"]
columns.c_nationkey = { not_null = true, ref = "silver.nation.n_nationkey" }
columns.c_mktsegment = { in = ["AUTOMOBILE", "BUILDING", "FURNITURE", "HOUSEHOLD", "MACHINERY"] }
*/
SELECT
    c_custkey, c_name, c_address, c_nationkey, c_phone,
    c_acctbal::DECIMAL(12, 2) AS c_acctbal, c_mktsegment, c_comment
FROM bronze.customer
