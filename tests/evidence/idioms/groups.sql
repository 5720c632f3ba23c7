-- labels_of_totals
SELECT CASE WHEN grouping(city) = 1 THEN 'all' ELSE coalesce(city, 'none') END AS city, count(*) AS n
FROM customers GROUP BY ROLLUP (city);

-- totals_by_two
SELECT status, paid, grouping(status) + grouping(paid) AS level, sum(qty) AS pieces
FROM orders GROUP BY CUBE (status, paid) HAVING count(*) > 1;

-- totals_of_chosen_sets
SELECT customer_id, date_trunc('year', day) AS year, sum(amount) AS amount
FROM orders GROUP BY GROUPING SETS ((customer_id, date_trunc('year', day)), (customer_id), ())
ORDER BY customer_id NULLS FIRST, year NULLS FIRST, amount NULLS FIRST;

-- months_as_columns
SELECT customer_id,
  sum(amount) FILTER (WHERE month(day) = 1) AS january,
  sum(CASE WHEN month(day) = 2 THEN amount END) AS february,
  count(*) FILTER (WHERE day IS NULL) AS undated
FROM orders GROUP BY customer_id;

-- kinds_as_columns
PIVOT (SELECT customer_id, kind, value FROM events WHERE kind IS NOT NULL) ON kind IN ('view', 'buy') USING count(*), sum(value) GROUP BY customer_id;

-- distinct_under_a_condition
SELECT kind, count(DISTINCT CASE WHEN value > 0 THEN customer_id END) AS n, count(DISTINCT customer_id) FILTER (WHERE page IS NOT NULL) AS m
FROM events GROUP BY kind;

-- groups_of_an_expression
SELECT upper(trim(city)) AS city, count(*) AS n FROM customers GROUP BY upper(trim(city)) HAVING count(*) >= 1 ORDER BY n DESC, city NULLS FIRST;

-- above_the_mean
SELECT customer_id, sum(amount) AS amount FROM orders GROUP BY customer_id
HAVING sum(amount) > (SELECT avg(total) FROM (SELECT sum(amount) AS total FROM orders GROUP BY customer_id));

-- group_of_groups
SELECT orders, count(*) AS customers FROM (SELECT customer_id, count(*) AS orders FROM orders GROUP BY customer_id) GROUP BY orders;

-- customers_by_number_of_orders
SELECT n, count(*) AS customers
FROM (SELECT c.customer_id, count(o.order_id) AS n FROM customers AS c LEFT JOIN orders AS o USING (customer_id) GROUP BY c.customer_id)
GROUP BY n ORDER BY n;

-- status_of_the_newest
SELECT customer_id, arg_max(status, order_id) AS newest, max_by(amount, order_id) AS amount FROM orders GROUP BY customer_id;

-- any_of_them
SELECT customer_id, any_value(customer_id) AS same, min(status) AS least FROM orders GROUP BY customer_id;

-- all_or_some
SELECT customer_id, bool_and(paid) AS all_paid, bool_or(paid) AS one_paid, bool_or(amount IS NULL) AS lacks FROM orders GROUP BY customer_id;

-- empty_groups
SELECT count(*) AS n, count(amount) AS m, sum(amount) AS s, max(day) AS d, string_agg(status, ',' ORDER BY order_id) AS t FROM orders WHERE order_id < 0;

-- groups_without_rows
SELECT status, sum(amount) AS s FROM orders WHERE order_id < 0 GROUP BY status;

-- most_common
SELECT customer_id, status
FROM (SELECT customer_id, status, count(*) AS n FROM orders GROUP BY customer_id, status)
QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY n DESC, status NULLS LAST) = 1;

-- first_of_each_by_distinct_on
SELECT DISTINCT ON (customer_id) customer_id, order_id, amount FROM orders ORDER BY customer_id NULLS FIRST, amount DESC NULLS LAST, order_id;

-- distinct_pairs
SELECT count(*) AS n FROM (SELECT DISTINCT customer_id, status FROM orders);

-- sums_of_distinct
SELECT sum(DISTINCT qty) AS a, avg(DISTINCT amount) AS b, count(DISTINCT status) AS c FROM orders WHERE abs(qty) < 100000;

-- having_without_groups
SELECT sum(qty) AS n FROM orders HAVING count(*) > 3;

-- groups_by_a_truth
SELECT amount > 10 AS is_large, count(*) AS n FROM orders GROUP BY 1 ORDER BY 1 NULLS FIRST;

-- groups_by_case_and_column
SELECT CASE WHEN city IN ('Bern', 'bern') THEN 'Bern' ELSE 'else' END AS place, vip, count(*) AS n FROM customers GROUP BY ALL;

-- ordered_by_what_is_not_shown
SELECT status FROM orders GROUP BY status ORDER BY sum(amount) DESC NULLS LAST, status;

-- rollup_of_months
SELECT year(day) AS y, month(day) AS m, count(*) AS n FROM orders WHERE day IS NOT NULL GROUP BY ROLLUP (year(day), month(day));

-- names_of_a_level
SELECT grouping(status, paid) AS level, count(*) AS n FROM orders GROUP BY ROLLUP (status, paid);

-- group_by_alias_of_other_meaning
SELECT lower(status) AS status, count(*) AS n FROM orders GROUP BY lower(status);

-- columns_into_rows
UNPIVOT (SELECT order_id, qty, customer_id FROM orders) ON qty, customer_id INTO NAME what VALUE v;

-- columns_into_rows_by_union
SELECT order_id, 'qty' AS what, qty AS v FROM orders UNION ALL SELECT order_id, 'customer', customer_id FROM orders;
