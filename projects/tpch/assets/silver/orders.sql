/*
description = "Orders, each of a customer"
key = ["o_orderkey"]
columns.o_custkey = { not_null = true, ref = "silver.customer.c_custkey" }
columns.o_orderstatus = { in = ["F", "O", "P"], doc = "finished, open, in part" }
*/
SELECT
    o_orderkey, o_custkey, o_orderstatus, o_totalprice::DECIMAL(12, 2) AS o_totalprice,
    o_orderdate, o_orderpriority, o_clerk, o_shippriority, o_comment
FROM bronze.orders
