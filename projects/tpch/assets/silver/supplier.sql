/*
description = "Those who deliver parts"
key = ["s_suppkey"]
columns.s_nationkey = { not_null = true, ref = "silver.nation.n_nationkey" }
*/
SELECT
    s_suppkey, s_name, s_address, s_nationkey, s_phone,
    s_acctbal::DECIMAL(12, 2) AS s_acctbal, s_comment
FROM bronze.supplier
