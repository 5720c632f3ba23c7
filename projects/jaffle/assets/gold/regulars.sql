/*
description = "The customers who came back most often, with what they like best"
write = "view"
key = ["customer_id"]
*/
WITH liked AS (
    SELECT orders.customer_id, items.sku, count(*) AS times
    FROM gold.order_items AS items
    JOIN gold.orders AS orders USING (order_id)
    GROUP BY orders.customer_id, items.sku
    QUALIFY row_number() OVER (PARTITION BY orders.customer_id ORDER BY times DESC, items.sku) = 1
)
SELECT
    customers.customer_id,
    customers.name,
    customers.orders,
    customers.spent,
    products.name AS likes_best
FROM gold.customers AS customers
JOIN liked USING (customer_id)
JOIN silver.products AS products USING (sku)
WHERE customers.orders >= 5
