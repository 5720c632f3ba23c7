/*
description = "What goes into one of each product, and what it costs us"
key = ["supply_id", "sku"]
columns.sku = { ref = "silver.products.sku" }
columns.cost = { not_null = true, ge = 0, unit = "CHF" }
*/
SELECT
    id AS supply_id,
    sku,
    name,
    (cost_cents / 100)::DECIMAL(9, 2) AS cost,
    perishable AS is_perishable
FROM bronze.supplies
