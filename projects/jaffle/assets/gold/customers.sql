/*
description = "Every customer with what they ordered so far"
key = ["customer_id"]
columns.name = { pii = true }
columns.orders = { ge = 0 }
columns.spent = { unit = "CHF", doc = "tax included" }
columns.status = { in = ["none yet", "new", "returning"] }
rules.in_order = "first_order_on <= last_order_on"
*/
SELECT
    customers.customer_id,
    customers.name,
    count(orders.order_id) AS orders,
    min(orders.ordered_on) AS first_order_on,
    max(orders.ordered_on) AS last_order_on,
    coalesce(sum(orders.total), 0)::DECIMAL(9, 2) AS spent,
    CASE count(orders.order_id) WHEN 0 THEN 'none yet' WHEN 1 THEN 'new' ELSE 'returning' END
        AS status
FROM silver.customers AS customers
LEFT JOIN gold.orders AS orders USING (customer_id)
GROUP BY ALL
