/*
description = "The sales of each store in each month of the first half of 2025"
partition = { monthly = "2025-01", end = "2025-06", column = "month" }
key = ["month", "store_id"]
columns.sales = { unit = "CHF", doc = "tax included" }
*/
SELECT
    $month AS month,
    stores.store_id,
    stores.name AS store,
    count(orders.order_id) AS orders,
    coalesce(sum(orders.total), 0)::DECIMAL(12, 2) AS sales
FROM silver.stores AS stores
LEFT JOIN gold.orders AS orders
    ON orders.store_id = stores.store_id AND date_trunc('month', orders.ordered_on) = $month
WHERE stores.opened_on < $month + INTERVAL 1 MONTH
GROUP BY ALL
