/*
description = "Parts of the world"
key = ["r_regionkey"]
*/
SELECT
    r_regionkey, r_name, r_comment
FROM bronze.region
