-- start_and_end_of_month
SELECT order_id, date_trunc('month', day) AS first_day, last_day(day) AS last_day, day(last_day(day)) AS days
FROM orders;

-- end_of_last_month
SELECT order_id, CAST(date_trunc('month', day) - INTERVAL 1 DAY AS DATE) AS r
FROM orders;

-- fiscal_year_from_april
SELECT order_id, year(day) - CASE WHEN month(day) < 4 THEN 1 ELSE 0 END AS fiscal_year, (month(day) + 8) % 12 // 3 + 1 AS fiscal_quarter
FROM orders;

-- age_in_years
SELECT customer_id, year(DATE '2024-02-29') - year(born)
  - CASE WHEN strftime(born, '%m%d') > '0229' THEN 1 ELSE 0 END AS age, date_sub('year', born, DATE '2024-02-29') AS same
FROM customers;

-- label_of_the_week
SELECT order_id, strftime(day, '%G-W%V') AS week, yearweek(day) AS number
FROM orders;

-- label_of_the_quarter
SELECT order_id, concat(year(day), '-Q', quarter(day)) AS label, 'Q' || quarter(day) AS short
FROM orders;

-- weekends
SELECT order_id, isodow(day) IN (6, 7) AS is_weekend, dayname(day) AS name
FROM orders;

-- the_next_monday
SELECT order_id, CAST(date_trunc('week', day) + INTERVAL 7 DAY AS DATE) AS next_monday, day + CAST(8 - isodow(day) AS INTEGER) AS same
FROM orders;

-- first_monday_of_the_month
SELECT order_id, CAST(date_trunc('month', day) AS DATE) + CAST((8 - isodow(date_trunc('month', day))) % 7 AS INTEGER) AS r
FROM orders;

-- every_day_between
WITH RECURSIVE days(day) AS (
  SELECT DATE '2024-02-27'
  UNION ALL
  SELECT day + 1 FROM days WHERE day < DATE '2024-03-02'
)
SELECT days.day, count(orders.order_id) AS n
FROM days LEFT JOIN orders ON orders.day = days.day
GROUP BY days.day
ORDER BY days.day;

-- every_day_between_by_a_series
SELECT CAST(g.day AS DATE) AS day, count(orders.order_id) AS n
FROM generate_series(TIMESTAMP '2024-02-27', TIMESTAMP '2024-03-02', INTERVAL 1 DAY) AS g(day)
LEFT JOIN orders ON orders.day = CAST(g.day AS DATE)
GROUP BY 1;

-- hours_and_minutes_between
SELECT event_id, date_diff('hour', TIMESTAMP '2024-01-01 00:59:59', seen_at) AS hours, date_sub('minute', TIMESTAMP '2024-01-01 00:59:59', seen_at) AS whole_minutes
FROM events;

-- quarters_of_an_hour
SELECT date_trunc('hour', seen_at) + INTERVAL 15 MINUTE * (minute(seen_at) // 15) AS slot, count(*) AS n
FROM events
GROUP BY 1;

-- five_minutes
SELECT time_bucket(INTERVAL 5 MINUTE, seen_at) AS slot, count(*) AS n FROM events GROUP BY slot ORDER BY slot NULLS FIRST;

-- seconds_of_the_day
SELECT event_id, hour(seen_at) * 3600 + minute(seen_at) * 60 + second(seen_at) AS r FROM events;

-- whole_seconds_since_1970
SELECT event_id, CAST(floor(epoch(seen_at)) AS BIGINT) AS r FROM events;

-- months_between_by_numbers
SELECT order_id, (year(day) - 2023) * 12 + month(day) - 11 AS months, date_diff('month', DATE '2023-11-30', day) AS same FROM orders;

-- a_year_before
SELECT a.order_id, b.order_id AS before
FROM orders AS a JOIN orders AS b ON b.day = CAST(a.day - INTERVAL 1 YEAR AS DATE)
ORDER BY a.order_id, b.order_id;

-- number_of_the_month
SELECT year(day) * 100 + month(day) AS month, count(*) AS n FROM orders GROUP BY 1 ORDER BY 1 DESC;

-- date_of_its_parts
SELECT order_id, make_date(year(day), month(day), 1) AS r, make_date(2024, 1 + order_id % 12, 28) AS q FROM orders;

-- end_of_the_day
SELECT order_id, CAST(day AS TIMESTAMP) + INTERVAL 1 DAY - INTERVAL 1 SECOND AS r FROM orders;

-- part_of_the_day
SELECT event_id, CASE WHEN hour(seen_at) BETWEEN 6 AND 11 THEN 'morning' WHEN hour(seen_at) < 18 THEN 'day' ELSE 'night' END AS part FROM events;

-- seen_on_a_day
SELECT event_id FROM events WHERE seen_at >= DATE '2024-02-29' AND seen_at < DATE '2024-02-29' + INTERVAL 1 DAY;

-- date_beside_a_moment
SELECT order_id FROM orders WHERE day <= ordered_at AND ordered_at < day + 1;

-- local_time
SELECT event_id, hour(seen_at AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Berlin') AS local_hour FROM events;

-- periods_that_overlap
SELECT a.sku, a.valid_from, b.valid_from AS other
FROM prices AS a JOIN prices AS b ON a.sku = b.sku AND a.valid_from < b.valid_from
  AND coalesce(a.valid_to, DATE '9999-12-31') >= b.valid_from;

-- working_days
SELECT order_id, (day - DATE '2024-01-01') - 2 * ((day - DATE '2024-01-01') // 7) AS r FROM orders WHERE day >= DATE '2024-01-01';

-- months_added_by_a_column
SELECT order_id, CAST(day + INTERVAL (qty) MONTH AS DATE) AS r FROM orders WHERE abs(qty) < 1000;

-- moments_as_text
SELECT order_id, strftime(ordered_at, '%d/%m/%Y %H:%M') AS r, strftime(ordered_at, '%B %Y') AS month FROM orders;

-- dates_of_two_spellings
SELECT customer_id,
  CASE WHEN note LIKE '____-__-__' THEN strptime(note, '%Y-%m-%d') WHEN note LIKE '__/__/____' THEN strptime(note, '%d/%m/%Y') END AS r
FROM customers;

-- newest_of_two
SELECT order_id, greatest(CAST(day AS TIMESTAMP), ordered_at) AS newest, least(day, DATE '2024-01-01') AS oldest FROM orders;

-- cohorts
WITH firsts AS (
  SELECT customer_id, min(date_trunc('month', day)) AS cohort FROM orders WHERE day IS NOT NULL GROUP BY customer_id
)
SELECT f.cohort, date_diff('month', f.cohort, date_trunc('month', o.day)) AS later, count(DISTINCT o.customer_id) AS customers
FROM orders AS o JOIN firsts AS f USING (customer_id)
WHERE o.day IS NOT NULL
GROUP BY 1, 2
ORDER BY 1, 2;
