/*
description = "The parts that make up most of the stock in Germany"
*/
-- the specification divides the share of the total by the scale factor
WITH stock AS (
    SELECT ps_partkey, ps_supplycost * ps_availqty AS worth
    FROM silver.partsupp
    JOIN silver.supplier ON ps_suppkey = s_suppkey
    JOIN silver.nation ON s_nationkey = n_nationkey
    WHERE n_name = 'GERMANY'
)
SELECT ps_partkey, sum(worth) AS value
FROM stock
GROUP BY ps_partkey
HAVING sum(worth) > (SELECT sum(worth) * 0.001 FROM stock)
ORDER BY value DESC, ps_partkey
