/*
description = "Which supplier has which part, and at what cost"
key = ["ps_partkey", "ps_suppkey"]
columns.ps_partkey = { ref = "silver.part.p_partkey" }
columns.ps_suppkey = { ref = "silver.supplier.s_suppkey" }
columns.ps_availqty = { ge = 1 }
*/
SELECT
    ps_partkey, ps_suppkey, ps_availqty,
    ps_supplycost::DECIMAL(12, 2) AS ps_supplycost, ps_comment
FROM bronze.partsupp
