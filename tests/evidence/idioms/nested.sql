-- one_after_another
WITH a AS (SELECT customer_id, sum(amount) AS total FROM orders GROUP BY customer_id),
  b AS (SELECT *, rank() OVER (ORDER BY total DESC NULLS LAST) AS place FROM a),
  c AS (SELECT b.*, d.name FROM b LEFT JOIN customers AS d USING (customer_id))
SELECT name, total, place FROM c WHERE place <= 3 ORDER BY place, name;

-- those_who_were_brought
WITH RECURSIVE tree AS (
  SELECT customer_id, 0 AS depth FROM customers WHERE referrer_id IS NULL
  UNION ALL
  SELECT c.customer_id, t.depth + 1 FROM customers AS c JOIN tree AS t ON c.referrer_id = t.customer_id WHERE t.depth < 5
)
SELECT * FROM tree;

-- path_from_the_root
WITH RECURSIVE tree(customer_id, path) AS (
  SELECT customer_id, CAST(customer_id AS VARCHAR) FROM customers WHERE referrer_id IS NULL
  UNION ALL
  SELECT c.customer_id, t.path || '/' || c.customer_id FROM customers AS c JOIN tree AS t ON c.referrer_id = t.customer_id
)
SELECT * FROM tree ORDER BY path;

-- with_inside
SELECT city, n FROM (WITH x AS (SELECT city, count(*) AS n FROM customers GROUP BY city) SELECT * FROM x WHERE n > 0) AS y;

-- named_as_a_table
WITH orders AS (SELECT * FROM orders WHERE paid) SELECT count(*) AS n, sum(amount) AS s FROM orders;

-- not_used
WITH unused AS (SELECT 1 AS a), used AS (SELECT order_id FROM orders WHERE paid) SELECT count(*) AS n FROM used;

-- value_beside_each
SELECT order_id, amount - (SELECT avg(amount) FROM orders) AS off, (SELECT count(*) FROM customers) AS customers FROM orders;

-- value_of_each
SELECT c.customer_id, (SELECT max(o.amount) FROM orders AS o WHERE o.customer_id = c.customer_id) AS most FROM customers AS c;

-- more_than_their_mean
SELECT o.order_id FROM orders AS o WHERE o.amount > (SELECT avg(p.amount) FROM orders AS p WHERE p.customer_id = o.customer_id);

-- exists_and_not_exists
SELECT c.customer_id FROM customers AS c
WHERE EXISTS (SELECT 1 FROM events AS e WHERE e.customer_id = c.customer_id AND e.kind = 'view')
  AND NOT EXISTS (SELECT 1 FROM events AS e WHERE e.customer_id = c.customer_id AND e.kind = 'buy');

-- one_of_the_largest
SELECT order_id FROM orders WHERE amount >= ALL (SELECT amount FROM orders WHERE amount IS NOT NULL);

-- newest_by_a_key
SELECT order_id, status FROM orders WHERE (customer_id, order_id) IN (SELECT customer_id, max(order_id) FROM orders GROUP BY customer_id);

-- two_best_of_each
SELECT c.customer_id, o.order_id FROM customers AS c, LATERAL (SELECT x.order_id FROM orders AS x WHERE x.customer_id = c.customer_id ORDER BY x.amount DESC NULLS LAST, x.order_id LIMIT 2) AS o;

-- all_but_some
SELECT * EXCLUDE (email, note, signed_up) REPLACE (upper(name) AS name) FROM customers WHERE vip;

-- renamed_columns
SELECT k, v FROM (SELECT customer_id, name FROM customers) AS x(k, v) WHERE v IS NOT NULL;

-- funnel
WITH steps AS (
  SELECT customer_id,
    max(CASE WHEN kind = 'view' THEN 1 ELSE 0 END) AS viewed,
    max(CASE WHEN kind = 'cart' THEN 1 ELSE 0 END) AS carted,
    max(CASE WHEN kind = 'buy' THEN 1 ELSE 0 END) AS bought
  FROM events GROUP BY customer_id
)
SELECT sum(viewed) AS viewed, sum(viewed * carted) AS carted, sum(viewed * carted * bought) AS bought FROM steps;

-- first_touch
SELECT e.customer_id, e.page, b.seen_at AS bought_at
FROM events AS b JOIN events AS e ON e.customer_id = b.customer_id AND e.seen_at <= b.seen_at
WHERE b.kind = 'buy'
QUALIFY row_number() OVER (PARTITION BY b.event_id ORDER BY e.seen_at, e.event_id) = 1;

-- pairs_in_a_basket
SELECT a.page AS one, b.page AS other, count(DISTINCT a.customer_id) AS n
FROM events AS a JOIN events AS b ON a.customer_id = b.customer_id AND a.page < b.page
GROUP BY 1, 2 ORDER BY n DESC, 1, 2;

-- what_is_wrong
SELECT 'orders without a customer' AS what, count(*) AS n FROM orders WHERE customer_id IS NULL
UNION ALL SELECT 'orders of nobody', count(*) FROM orders AS o WHERE NOT EXISTS (SELECT 1 FROM customers AS c WHERE c.customer_id = o.customer_id)
UNION ALL SELECT 'twice', count(*) - count(DISTINCT order_id) FROM orders
UNION ALL SELECT 'negative', count(*) FROM orders WHERE amount < 0;

-- what_changed
SELECT coalesce(a.sku, b.sku) AS sku,
  CASE WHEN a.sku IS NULL THEN 'added' WHEN b.sku IS NULL THEN 'removed' WHEN a.moved IS DISTINCT FROM b.moved THEN 'changed' ELSE 'same' END AS what
FROM (SELECT sku, sum(moved) AS moved FROM stock WHERE place = 'A' GROUP BY sku) AS a
FULL JOIN (SELECT sku, sum(moved) AS moved FROM stock WHERE place = 'B' GROUP BY sku) AS b ON a.sku = b.sku;

-- aliases_upon_aliases
SELECT order_id, coalesce(qty, 0) AS pieces, pieces * 2 AS twice, twice + pieces AS thrice FROM orders WHERE pieces > 0 AND pieces < 1000;

-- balance_of_stock
WITH daily AS (SELECT sku, day, sum(moved) AS moved FROM stock WHERE day IS NOT NULL GROUP BY sku, day)
SELECT sku, day, sum(moved) OVER (PARTITION BY sku ORDER BY day) AS level FROM daily
QUALIFY level < 0 OR level > 5;

-- subquery_in_order
SELECT c.customer_id FROM customers AS c ORDER BY (SELECT count(*) FROM orders AS o WHERE o.customer_id = c.customer_id) DESC, c.customer_id;

-- condition_with_its_own_query
SELECT order_id, CASE WHEN customer_id IN (SELECT customer_id FROM customers WHERE vip) THEN 'vip' ELSE 'plain' END AS kind FROM orders;

-- page_two
SELECT order_id, amount FROM orders ORDER BY amount DESC NULLS LAST, order_id LIMIT 3 OFFSET 3;

-- limit_inside
SELECT sum(amount) AS s FROM (SELECT amount FROM orders WHERE amount IS NOT NULL ORDER BY amount DESC, order_id LIMIT 4);

-- from_nothing
SELECT 1 AS one, 'x' AS x, DATE '2024-02-29' + 1 AS d, 2.50 * 2 AS p, NULL AS n;

-- deep_parentheses
SELECT order_id FROM orders WHERE NOT (paid AND (status = 'open' OR (amount > 5 AND NOT (qty < 2 OR coupon IS NULL))));
