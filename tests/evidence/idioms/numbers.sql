-- rate_that_may_have_no_base
SELECT status, sum(amount) / nullif(sum(qty), 0) AS each FROM orders GROUP BY status;

-- part_in_percent
SELECT status, round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS percent FROM orders GROUP BY status;

-- counted_share
SELECT customer_id, avg(CASE WHEN paid THEN 1.0 ELSE 0.0 END) AS paid_share, count(*) FILTER (WHERE paid) / count(*) AS same FROM orders GROUP BY customer_id;

-- price_with_tax
SELECT order_id, round(amount * 1.19, 2) AS gross, amount * 0.19 AS tax FROM orders;

-- net_of_a_discount
SELECT order_id, amount * (1 - discount) AS net, CAST(amount * (1 - coalesce(discount, 0)) AS DECIMAL(12,2)) AS rounded FROM orders WHERE abs(discount) < 10 OR discount IS NULL;

-- cents
SELECT order_id, CAST(round(amount * 100) AS BIGINT) AS cents, CAST(amount AS INTEGER) AS whole FROM orders;

-- buckets_of_fifty
SELECT floor(amount / 50) * 50 AS bucket, count(*) AS n FROM orders GROUP BY bucket;

-- buckets_by_case
SELECT CASE WHEN amount < 0 THEN 'neg' WHEN amount < 10 THEN '0-10' WHEN amount < 100 THEN '10-100' ELSE 'more' END AS bucket, count(*) AS n, sum(amount) AS total
FROM orders GROUP BY 1;

-- weighted_mean
SELECT customer_id, sum(amount * qty) / nullif(sum(qty), 0) AS mean FROM orders GROUP BY customer_id;

-- geometric_mean
SELECT customer_id, exp(avg(ln(abs(amount)))) AS r FROM orders WHERE amount <> 0 GROUP BY customer_id;

-- distance_in_deviations
SELECT order_id, (qty - avg(qty) OVER ()) / nullif(stddev(qty) OVER (), 0) AS z FROM orders;

-- clamped
SELECT order_id, least(greatest(qty, 0), 10) AS r, greatest(0, amount) AS s FROM orders;

-- change_in_percent
SELECT order_id, round((amount - lag(amount) OVER (ORDER BY order_id)) / nullif(lag(amount) OVER (ORDER BY order_id), 0) * 100, 1) AS r FROM orders;

-- to_five_cents
SELECT order_id, round(amount * 20) / 20 AS r, round(amount / 0.05) * 0.05 AS q FROM orders;

-- remainders_of_negatives
SELECT order_id, qty % 3 AS r, qty // 3 AS q, abs(qty) % 2 = 1 AS is_odd FROM orders;

-- remainders_of_decimals
SELECT order_id, amount % 3 AS r, -amount AS minus FROM orders;

-- sums_of_what_is_wide
SELECT sum(amount) AS a, sum(CAST(qty AS BIGINT) * 1000000) AS b, sum(amount * amount) AS c, avg(amount) AS d FROM orders WHERE amount < 1000000;

-- means_of_kinds
SELECT avg(qty) AS a, avg(amount) AS b, avg(discount) AS c, sum(qty) / count(qty) AS d FROM orders;

-- product_of_three
SELECT order_id, amount * qty * 0.5 AS r, amount * amount AS s, 1.5 * 2.25 AS t FROM orders WHERE abs(qty) < 100000 AND amount < 1000000;

-- division_of_wholes
SELECT order_id, qty / 2 AS a, qty // 2 AS b, 7 / nullif(qty, 0) AS c FROM orders;

-- division_of_decimals
SELECT order_id, amount / 3 AS a, amount / nullif(qty, 0) AS b, credit / 7 AS c FROM orders JOIN customers USING (customer_id);

-- rounded_halves
SELECT order_id, round(amount, 1) AS a, round(discount, 1) AS b, round(discount) AS c, CAST(discount AS INTEGER) AS d FROM orders WHERE abs(discount) < 1000000;

-- rounded_down_and_up
SELECT order_id, floor(amount) AS a, ceil(amount) AS b, trunc(amount) AS c, floor(-discount) AS d FROM orders;

-- flags_in_bits
SELECT order_id, (qty & 1) + (qty & 4) AS r, qty | 2 AS s FROM orders WHERE qty >= 0;

-- double_to_decimal
SELECT order_id, CAST(discount AS DECIMAL(10,3)) AS r FROM orders WHERE abs(discount) < 1000;

-- kinds_side_by_side
SELECT order_id, coalesce(discount, amount, qty, 0) AS r, CASE WHEN paid THEN qty ELSE amount END AS s FROM orders;

-- kinds_compared
SELECT order_id FROM orders WHERE amount > qty OR discount < amount OR qty = 2.0;

-- sums_by_condition
SELECT customer_id, sum(CASE WHEN status = 'paid' THEN amount ELSE 0 END) AS paid, sum(CASE WHEN status <> 'paid' THEN amount END) AS other
FROM orders GROUP BY customer_id;

-- spread
SELECT customer_id, max(amount) - min(amount) AS range_, stddev_pop(amount) AS sd, var_samp(qty) AS vs FROM orders WHERE abs(qty) < 100000 GROUP BY customer_id;

-- middle_values
SELECT customer_id, median(amount) AS m, quantile_cont(qty, 0.75) AS q FROM orders GROUP BY customer_id;

-- near_enough
SELECT order_id FROM orders WHERE abs(discount - 0.1) < 1e-9 OR amount BETWEEN 0.005 AND 0.015;

-- running_share
SELECT order_id, sum(amount) OVER (ORDER BY amount DESC, order_id) / sum(amount) OVER () AS part FROM orders WHERE amount > 0;

-- minus_of_a_minus
SELECT order_id, - -qty AS a, 1 - -amount AS b, -(qty - 1) AS c, 2 - (3 - qty) AS d, 8 / (4 / nullif(qty, 0)) AS e FROM orders;

-- powers
SELECT order_id, power(qty % 10, 2) AS a, sqrt(abs(amount)) AS b, pow(1.05, qty % 10) AS c FROM orders;
