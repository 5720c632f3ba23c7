-- kinds_in_one_column
SELECT order_id AS n, 'order' AS kind FROM orders UNION ALL SELECT event_id, 'event' FROM events;

-- numbers_of_two_kinds
SELECT qty AS v FROM orders UNION SELECT amount FROM orders;

-- a_column_that_one_lacks
SELECT order_id, coupon, NULL AS page FROM orders UNION ALL SELECT customer_id, NULL, page FROM events;

-- in_one_not_in_the_other
SELECT customer_id FROM customers EXCEPT SELECT customer_id FROM orders;

-- what_differs_on_either_side
(SELECT sku FROM prices EXCEPT SELECT sku FROM stock)
UNION ALL
(SELECT sku FROM stock EXCEPT SELECT sku FROM prices);

-- in_both
SELECT sku FROM prices INTERSECT SELECT sku FROM stock ORDER BY sku NULLS FIRST;

-- first_of_each_part
(SELECT order_id FROM orders ORDER BY amount DESC NULLS LAST, order_id LIMIT 2)
UNION ALL
(SELECT order_id FROM orders ORDER BY amount, order_id LIMIT 2);

-- union_before_a_limit
SELECT city FROM customers UNION SELECT place FROM stock ORDER BY city DESC NULLS LAST LIMIT 3;

-- union_of_nulls_and_blanks
SELECT name AS t FROM customers UNION SELECT note FROM customers;

-- union_inside_a_join
SELECT u.kind, count(*) AS n
FROM customers AS c JOIN (
  SELECT customer_id, 'order' AS kind FROM orders UNION ALL SELECT customer_id, 'event' FROM events
) AS u ON u.customer_id = c.customer_id
GROUP BY u.kind;

-- names_for_codes
SELECT o.order_id, m.label
FROM orders AS o LEFT JOIN (VALUES ('paid', 'Paid'), ('open', 'Open'), (NULL, 'None')) AS m(status, label) ON m.status = o.status;

-- no_order_at_all
SELECT c.customer_id FROM customers AS c WHERE NOT EXISTS (SELECT 1 FROM orders AS o WHERE o.customer_id = c.customer_id);

-- no_order_by_a_join
SELECT c.customer_id FROM customers AS c LEFT JOIN orders AS o ON o.customer_id = c.customer_id AND o.paid WHERE o.order_id IS NULL;

-- no_order_by_a_list
SELECT customer_id FROM customers WHERE customer_id NOT IN (SELECT customer_id FROM orders);

-- all_sides_compared
SELECT coalesce(p.sku, s.sku) AS sku, count(p.price) AS prices, sum(s.moved) AS moved
FROM prices AS p FULL JOIN stock AS s ON p.sku = s.sku
GROUP BY 1;

-- pairs_of_one_table
SELECT a.customer_id, b.customer_id AS other
FROM customers AS a JOIN customers AS b ON a.city = b.city AND a.customer_id < b.customer_id;

-- price_of_the_day
SELECT s.sku, s.day, p.price
FROM stock AS s LEFT JOIN prices AS p
  ON p.sku = s.sku AND s.day >= p.valid_from AND s.day < coalesce(p.valid_to, DATE '9999-12-31');

-- price_before_the_day
SELECT s.sku, s.day, p.price
FROM stock AS s LEFT JOIN prices AS p ON p.sku = s.sku AND p.valid_from <= s.day
QUALIFY row_number() OVER (PARTITION BY s.sku, s.day, s.place ORDER BY p.valid_from DESC NULLS LAST) = 1;

-- every_pair_of_kinds
SELECT c.city, k.kind, count(e.event_id) AS n
FROM (SELECT DISTINCT city FROM customers) AS c CROSS JOIN (SELECT DISTINCT kind FROM events) AS k
LEFT JOIN (events AS e JOIN customers AS d ON d.customer_id = e.customer_id) ON d.city = c.city AND e.kind = k.kind
GROUP BY 1, 2;

-- joined_by_two_columns
SELECT sku, day, s.moved, count(*) OVER () AS n FROM stock AS s JOIN (SELECT sku, min(day) AS day FROM stock GROUP BY sku) AS f USING (sku, day);

-- joined_by_what_may_be_null
SELECT a.order_id, b.order_id AS other FROM orders AS a JOIN orders AS b ON a.coupon IS NOT DISTINCT FROM b.coupon AND a.order_id < b.order_id;

-- joined_by_either
SELECT c.customer_id, e.event_id FROM customers AS c JOIN events AS e ON e.customer_id = c.customer_id OR e.page = c.note;

-- joined_by_case
SELECT o.order_id, c.name FROM orders AS o LEFT JOIN customers AS c ON c.customer_id = CASE WHEN o.paid THEN o.customer_id END;

-- three_tables_in_a_row
SELECT c.name, count(DISTINCT o.order_id) AS orders, count(DISTINCT e.event_id) AS events
FROM customers AS c
LEFT JOIN orders AS o ON o.customer_id = c.customer_id
LEFT JOIN events AS e ON e.customer_id = c.customer_id AND e.seen_at < o.ordered_at
GROUP BY c.customer_id, c.name
ORDER BY c.name NULLS FIRST, orders, events;

-- same_rows_twice
SELECT sku, place, day, moved, count(*) AS copies FROM stock GROUP BY ALL HAVING count(*) > 1;

-- table_and_its_sum
SELECT status, sum(amount) AS amount FROM orders GROUP BY status UNION ALL SELECT 'all', sum(amount) FROM orders;

-- set_of_a_set
SELECT customer_id FROM orders WHERE paid
INTERSECT (SELECT customer_id FROM events UNION SELECT customer_id FROM customers WHERE vip);
