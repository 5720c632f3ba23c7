/*
description = "The menu, in francs"
key = ["sku"]
columns.kind = { not_null = true, in = ["food", "drink"] }
columns.price = { not_null = true, gt = 0, unit = "CHF" }
*/
SELECT
    sku,
    name,
    CASE type WHEN 'jaffle' THEN 'food' WHEN 'beverage' THEN 'drink' END AS kind,
    (price_cents / 100)::DECIMAL(9, 2) AS price
FROM bronze.products
