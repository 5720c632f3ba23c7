/*
description = "How many suppliers of good repute can deliver parts of which kind"
*/
SELECT p_brand, p_type, p_size, count(DISTINCT ps_suppkey) AS supplier_cnt
FROM silver.partsupp
JOIN silver.part ON p_partkey = ps_partkey
WHERE p_brand <> 'Brand#45'
    AND p_type NOT LIKE 'MEDIUM POLISHED%'
    AND p_size IN (49, 14, 23, 45, 19, 3, 36, 9)
    AND NOT EXISTS (
        SELECT 1 FROM silver.supplier
        WHERE s_suppkey = ps_suppkey AND s_comment LIKE '%Customer%Complaints%'
    )
GROUP BY p_brand, p_type, p_size
ORDER BY supplier_cnt DESC, p_brand, p_type, p_size
