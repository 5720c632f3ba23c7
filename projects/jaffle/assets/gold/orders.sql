/*
description = "Orders with their sums"
key = ["order_id"]
columns.items = { gt = 0 }
columns.tax = { unit = "CHF", doc = "on the subtotal, to the cent" }
columns.total = { unit = "CHF" }
columns.order_number = { doc = "1 for the customer's first order", ge = 1 }
rules.total_is_whole = "total = subtotal + tax"
*/
WITH sums AS (
    SELECT
        order_id,
        count(*) AS items,
        sum(price)::DECIMAL(9, 2) AS subtotal,
        sum(cost)::DECIMAL(9, 2) AS cost,
        bool_or(kind = 'food') AS has_food,
        bool_or(kind = 'drink') AS has_drink
    FROM gold.order_items
    GROUP BY order_id
)
SELECT
    orders.order_id,
    orders.customer_id,
    orders.store_id,
    orders.ordered_on,
    sums.items,
    sums.subtotal,
    round(sums.subtotal * stores.tax_rate, 2)::DECIMAL(9, 2) AS tax,
    (sums.subtotal + round(sums.subtotal * stores.tax_rate, 2))::DECIMAL(9, 2) AS total,
    sums.cost,
    sums.has_food,
    sums.has_drink,
    row_number() OVER (
        PARTITION BY orders.customer_id ORDER BY orders.ordered_at, orders.order_id
    ) AS order_number
FROM silver.orders AS orders
JOIN sums USING (order_id)
JOIN silver.stores AS stores USING (store_id)
