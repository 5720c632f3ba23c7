-- latest_row_of_each
SELECT order_id, customer_id, status
FROM (
  SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY ordered_at DESC NULLS LAST, order_id DESC) AS place
  FROM orders
)
WHERE place = 1;

-- running_total
SELECT order_id, sum(amount) OVER (PARTITION BY customer_id ORDER BY ordered_at NULLS FIRST, order_id ROWS UNBOUNDED PRECEDING) AS total
FROM orders;

-- moving_average_of_three
SELECT order_id, avg(amount) OVER (ORDER BY order_id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS mean
FROM orders;

-- share_of_the_group
SELECT order_id, round(100 * amount / nullif(sum(amount) OVER (PARTITION BY customer_id), 0), 2) AS share
FROM orders;

-- days_since_the_one_before
SELECT order_id, day - lag(day) OVER (PARTITION BY customer_id ORDER BY day, order_id) AS days
FROM orders
WHERE day IS NOT NULL;

-- sessions
WITH gaps AS (
  SELECT event_id, customer_id, seen_at,
    CASE
      WHEN date_diff('minute', lag(seen_at) OVER (PARTITION BY customer_id ORDER BY seen_at, event_id), seen_at) <= 30 THEN 0
      ELSE 1
    END AS is_new
  FROM events
  WHERE seen_at IS NOT NULL
), numbered AS (
  SELECT *, sum(is_new) OVER (PARTITION BY customer_id ORDER BY seen_at, event_id ROWS UNBOUNDED PRECEDING) AS session
  FROM gaps
)
SELECT customer_id, session, count(*) AS events, min(seen_at) AS since, max(seen_at) AS until
FROM numbered
GROUP BY ALL;

-- islands_of_days
WITH days AS (
  SELECT DISTINCT customer_id, day FROM orders WHERE day IS NOT NULL
), placed AS (
  SELECT *, day - CAST(row_number() OVER (PARTITION BY customer_id ORDER BY day) AS INTEGER) AS island
  FROM days
)
SELECT customer_id, min(day) AS since, max(day) AS until, count(*) AS days
FROM placed
GROUP BY customer_id, island;

-- first_and_last_of_each
SELECT order_id,
  first_value(status) OVER w AS began,
  last_value(status) OVER w AS ended
FROM orders
WINDOW w AS (PARTITION BY customer_id ORDER BY order_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);

-- two_best_with_ties
SELECT customer_id, order_id, amount
FROM orders
WHERE amount IS NOT NULL
QUALIFY rank() OVER (PARTITION BY customer_id ORDER BY amount DESC) <= 2;

-- customers_seen_so_far
SELECT order_id, sum(CASE WHEN first_order = 1 THEN 1 ELSE 0 END) OVER (ORDER BY order_id) AS customers
FROM (
  SELECT order_id, row_number() OVER (PARTITION BY customer_id ORDER BY order_id) AS first_order
  FROM orders
);

-- changes_of_status
SELECT order_id, status
FROM orders
QUALIFY status IS DISTINCT FROM lag(status) OVER (PARTITION BY customer_id ORDER BY order_id);

-- filled_from_before
SELECT order_id, last_value(coupon IGNORE NULLS) OVER (PARTITION BY customer_id ORDER BY order_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS coupon
FROM orders;

-- filled_from_before_by_counting
SELECT order_id, max(coupon) OVER (PARTITION BY customer_id, batch) AS coupon
FROM (
  SELECT *, count(coupon) OVER (PARTITION BY customer_id ORDER BY order_id) AS batch
  FROM orders
);

-- below_the_best_so_far
SELECT order_id, amount - max(amount) OVER (PARTITION BY customer_id ORDER BY order_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS below
FROM orders;

-- window_over_groups
SELECT day, sum(amount) AS amount, sum(sum(amount)) OVER (ORDER BY day NULLS LAST) AS so_far
FROM orders
GROUP BY day;

-- rank_of_groups
SELECT status, count(*) AS n, rank() OVER (ORDER BY count(*) DESC) AS place
FROM orders
GROUP BY status
ORDER BY place, status NULLS FIRST;

-- growth_by_month
WITH months AS (
  SELECT date_trunc('month', day) AS month, sum(amount) AS amount
  FROM orders
  WHERE day IS NOT NULL
  GROUP BY 1
)
SELECT month, amount / nullif(lag(amount) OVER (ORDER BY month), 0) - 1 AS growth
FROM months
ORDER BY month;

-- valid_until_the_next
SELECT sku, valid_from, coalesce(lead(valid_from) OVER (PARTITION BY sku ORDER BY valid_from) - 1, DATE '9999-12-31') AS valid_until
FROM prices
WHERE valid_from IS NOT NULL;

-- counted_with_a_filter
SELECT order_id, count(*) FILTER (WHERE paid) OVER (PARTITION BY customer_id) AS paid_orders
FROM orders;

-- last_seven_days
SELECT order_id, sum(amount) OVER (PARTITION BY customer_id ORDER BY day RANGE BETWEEN INTERVAL 6 DAY PRECEDING AND CURRENT ROW) AS week
FROM orders
WHERE day IS NOT NULL;

-- window_inside_case
SELECT order_id,
  CASE WHEN row_number() OVER (PARTITION BY customer_id ORDER BY order_id) = 1 THEN 'new' ELSE 'again' END AS kind
FROM orders;

-- window_upon_window
SELECT order_id, rank() OVER v AS place, sum(qty) OVER w AS pieces
FROM orders
WINDOW w AS (PARTITION BY customer_id), v AS (PARTITION BY customer_id ORDER BY qty DESC NULLS LAST);

-- rank_within_the_month
SELECT order_id, dense_rank() OVER (PARTITION BY date_trunc('month', ordered_at) ORDER BY amount DESC NULLS LAST) AS place
FROM orders;

-- median_beside_each
SELECT order_id, median(amount) OVER (PARTITION BY customer_id) AS middle
FROM orders;

-- others_of_the_group
SELECT order_id, sum(qty) OVER (PARTITION BY customer_id ORDER BY order_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) AS others
FROM orders;

-- others_of_the_group_by_difference
SELECT order_id, sum(qty) OVER (PARTITION BY customer_id) - coalesce(qty, 0) AS others
FROM orders;

-- distinct_over_a_window
SELECT order_id, count(DISTINCT status) OVER (PARTITION BY customer_id) AS kinds
FROM orders;

-- third_of_each
SELECT order_id, nth_value(amount, 3) OVER (PARTITION BY customer_id ORDER BY order_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS third
FROM orders;

-- before_or_nothing
SELECT order_id, lag(amount, 1, 0) OVER (PARTITION BY customer_id ORDER BY order_id) AS before, lead(status, 2, 'none') OVER (ORDER BY order_id) AS later
FROM orders;

-- quartiles
SELECT order_id, ntile(4) OVER (ORDER BY amount NULLS FIRST, order_id) AS quarter, cume_dist() OVER (ORDER BY amount) AS part
FROM orders;
