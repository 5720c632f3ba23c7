/*
description = "What would be lost in a year if small orders of a part were refused"
*/
SELECT sum(l_extendedprice) / 7.0 AS avg_yearly
FROM silver.lineitem
JOIN silver.part ON p_partkey = l_partkey
WHERE p_brand = 'Brand#23'
    AND p_container = 'MED BOX'
    AND l_quantity < (
        SELECT 0.2 * avg(lines.l_quantity)
        FROM silver.lineitem AS lines
        WHERE lines.l_partkey = p_partkey
    )
