/*
description = "Countries, each in a region"
key = ["n_nationkey"]
columns.n_regionkey = { not_null = true, ref = "silver.region.r_regionkey" }
*/
SELECT
    n_nationkey, n_name, n_regionkey, n_comment
FROM bronze.nation
