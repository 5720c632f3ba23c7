/*
description = "Customers, their names spelt as names are"
key = ["customer_id"]
columns.name = { not_null = true, pii = true, min_length = 1 }
*/
SELECT
    id AS customer_id,
    array_to_string(
        [upper(word[1]) || lower(word[2:]) FOR word IN string_split(trim(name), ' ')], ' '
    ) AS name,
    signed_up AS signed_up_on
FROM bronze.customers
