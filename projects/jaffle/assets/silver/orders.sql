/*
description = "Orders of customers and stores that we know"
key = ["order_id"]
columns.customer_id = { not_null = true, ref = "silver.customers.customer_id" }
columns.store_id = { not_null = true, ref = "silver.stores.store_id" }
columns.ordered_on = { not_null = true, ge = 2025-01-01 }
*/
SELECT
    id AS order_id,
    customer_id,
    store_id,
    ordered_at,
    ordered_at::DATE AS ordered_on
FROM bronze.orders
