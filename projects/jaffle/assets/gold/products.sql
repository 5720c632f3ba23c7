/*
description = "What each product sold and earned"
key = ["sku"]
columns.revenue = { unit = "CHF", doc = "before tax" }
columns.margin = { doc = "share of the revenue that is left after supplies", le = 1 }
*/
SELECT
    products.sku,
    products.name,
    products.kind,
    count(items.item_id) AS sold,
    coalesce(sum(items.price), 0)::DECIMAL(12, 2) AS revenue,
    1 - sum(items.cost) / sum(items.price) AS margin
FROM silver.products AS products
LEFT JOIN gold.order_items AS items USING (sku)
GROUP BY ALL
