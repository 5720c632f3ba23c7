-- not_in_a_list_with_null
SELECT order_id FROM orders WHERE status NOT IN ('paid', NULL);

-- in_a_list_with_null
SELECT order_id, status IN ('paid', NULL) AS r FROM orders;

-- neither_equal_nor_not
SELECT order_id, status = coupon AS a, NOT (status = coupon) AS b, status <> coupon AS c FROM orders;

-- chain_of_values
SELECT order_id, coalesce(coupon, status, 'none') AS a, coalesce(NULL, qty, 1) AS b FROM orders;

-- counts_of_rows_and_values
SELECT count(*) AS a, count(coupon) AS b, count(DISTINCT coupon) AS c, count(*) - count(coupon) AS lacking FROM orders;

-- nulls_in_three_orders
SELECT order_id FROM orders ORDER BY coupon NULLS FIRST, qty DESC, order_id;

-- nulls_by_themselves
SELECT order_id FROM orders ORDER BY paid, amount DESC, order_id;

-- text_with_nothing
SELECT order_id, status || coupon AS a, concat(status, coupon) AS b, coalesce(status, '') || coalesce(coupon, '') AS c FROM orders;

-- case_of_null
SELECT order_id, CASE WHEN paid THEN 'yes' WHEN NOT paid THEN 'no' END AS a, CASE WHEN coupon = NULL THEN 1 ELSE 0 END AS b FROM orders;

-- truths_of_three_values
SELECT order_id, paid AND amount > 0 AS a, paid OR amount > 0 AS b, NOT paid AS c, paid IS NOT TRUE AS d FROM orders;

-- greatest_beside_null
SELECT order_id, greatest(qty, 5) AS a, least(coupon, status) AS b FROM orders;

-- null_bounds
SELECT order_id FROM orders WHERE amount BETWEEN NULL AND 100 OR qty NOT BETWEEN 1 AND NULL;

-- zero_is_nothing
SELECT order_id, nullif(qty, 0) AS a, coalesce(nullif(coupon, ''), 'no coupon') AS b, nullif(status, 'paid') IS NULL AS c FROM orders;

-- groups_of_null
SELECT coupon, paid, count(*) AS n FROM orders GROUP BY coupon, paid;

-- one_null_and_another
SELECT DISTINCT coupon, paid FROM orders;

-- nothing_from_no_rows
SELECT (SELECT amount FROM orders WHERE order_id = -1) AS a, coalesce((SELECT sum(qty) FROM orders WHERE order_id = -1), 0) AS b;

-- rows_that_found_none
SELECT c.customer_id, count(o.order_id) AS n, coalesce(sum(o.amount), 0) AS s, max(o.paid) AS p FROM customers AS c LEFT JOIN orders AS o USING (customer_id) GROUP BY c.customer_id;

-- mean_over_nothing
SELECT customer_id, avg(discount) AS a, sum(discount) AS b, stddev(discount) AS c FROM orders GROUP BY customer_id;

-- conditions_on_the_right
SELECT c.customer_id, o.order_id FROM customers AS c LEFT JOIN orders AS o ON o.customer_id = c.customer_id AND o.status = 'paid' WHERE o.status = 'paid' OR o.status IS NULL;

-- not_less_is_not_more
SELECT order_id FROM orders WHERE NOT (amount < 10) OR NOT (coupon LIKE 'A%');

-- any_of_nothing
SELECT order_id FROM orders WHERE qty = ANY (SELECT moved FROM stock WHERE moved IS NULL) OR qty > ALL (SELECT moved FROM stock WHERE sku = 'nope');

-- if_and_null
SELECT order_id, if(amount > 10, 'more', 'less') AS a, ifnull(coupon, '-') AS b FROM orders;

-- truth_as_number
SELECT customer_id, sum(CAST(paid AS INTEGER)) AS a, sum(paid) AS b, avg(CAST(paid AS INTEGER)) AS c FROM orders GROUP BY customer_id;

-- empty_text_is_no_null
SELECT customer_id, note = '' AS a, note IS NULL AS b, length(note) AS c, trim(note) = '' AS d FROM customers;
