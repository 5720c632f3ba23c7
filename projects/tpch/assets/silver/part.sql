/*
description = "What is sold"
key = ["p_partkey"]
columns.p_size = { ge = 1, le = 50 }
columns.p_retailprice = { gt = 0 }
*/
SELECT
    p_partkey, p_name, p_mfgr, p_brand, p_type, p_size, p_container,
    p_retailprice::DECIMAL(12, 2) AS p_retailprice, p_comment
FROM bronze.part
