/*
description = "The lines of orders"
key = ["l_orderkey", "l_linenumber"]
columns.l_orderkey = { ref = "silver.orders.o_orderkey" }
columns.l_quantity = { gt = 0, le = 50 }
columns.l_discount = { ge = 0, le = 0.1 }
columns.l_returnflag = { in = ["A", "N", "R"] }
rules.received_after_it_was_shipped = "l_receiptdate > l_shipdate"
*/
SELECT
    l_orderkey, l_partkey, l_suppkey, l_linenumber,
    l_quantity::DECIMAL(12, 2) AS l_quantity,
    l_extendedprice::DECIMAL(12, 2) AS l_extendedprice,
    l_discount::DECIMAL(12, 2) AS l_discount,
    l_tax::DECIMAL(12, 2) AS l_tax,
    l_returnflag, l_linestatus, l_shipdate, l_commitdate, l_receiptdate,
    l_shipinstruct, l_shipmode, l_comment
FROM bronze.lineitem
