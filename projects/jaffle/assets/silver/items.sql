/*
description = "What was ordered, one line each"
key = ["item_id"]
columns.order_id = { not_null = true, ref = "silver.orders.order_id" }
columns.sku = { not_null = true, ref = "silver.products.sku" }
*/
SELECT id AS item_id, order_id, sku FROM bronze.items
