/*
description = "Our stores"
key = ["store_id"]
columns.store_id = { regex = "[A-Z]{3}" }
columns.tax_rate = { not_null = true, doc = "share of the price that is added as tax" }
*/
SELECT id AS store_id, name, opened_on, tax_rate FROM bronze.stores
