/*
description = "Each line of an order with its price and what it cost us"
key = ["item_id"]
columns.price = { unit = "CHF", gt = 0 }
columns.cost = { unit = "CHF", doc = "of all supplies that go into it" }
rules.sold_with_profit = "price > cost"
*/
WITH costs AS (
    SELECT sku, sum(cost)::DECIMAL(9, 2) AS cost FROM silver.supplies GROUP BY sku
)
SELECT
    items.item_id,
    items.order_id,
    orders.ordered_on,
    orders.store_id,
    items.sku,
    products.kind,
    products.price,
    coalesce(costs.cost, 0) AS cost
FROM silver.items AS items
JOIN silver.orders AS orders USING (order_id)
JOIN silver.products AS products USING (sku)
LEFT JOIN costs USING (sku)
