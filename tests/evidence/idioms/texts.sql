-- domain_of_an_address
SELECT customer_id, lower(split_part(email, '@', 2)) AS domain FROM customers;

-- domain_by_its_place
SELECT customer_id, CASE WHEN strpos(email, '@') > 0 THEN substring(email, strpos(email, '@') + 1) END AS domain FROM customers;

-- initials
SELECT customer_id, upper(left(name, 1)) || coalesce(upper(left(nullif(split_part(name, ' ', 2), ''), 1)), '') AS r FROM customers;

-- masked
SELECT customer_id, left(email, 1) || '***' || right(email, 4) AS r FROM customers;

-- slug
SELECT customer_id, regexp_replace(lower(trim(name)), '[^a-z0-9]+', '-', 'g') AS slug FROM customers;

-- digits_only
SELECT customer_id, regexp_replace(note, '[^0-9]', '', 'g') AS digits FROM customers;

-- padded_number
SELECT order_id, 'A' || lpad(CAST(order_id AS VARCHAR), 6, '0') AS r FROM orders;

-- names_in_one_text
SELECT city, string_agg(name, ', ' ORDER BY name, customer_id) AS names FROM customers GROUP BY city;

-- whatever_case
SELECT a.customer_id, b.customer_id AS other FROM customers AS a JOIN customers AS b ON lower(a.email) = lower(b.email) AND a.customer_id < b.customer_id;

-- times_a_letter_occurs
SELECT customer_id, length(name) - length(replace(name, 'a', '')) AS r FROM customers;

-- spaces_made_one
SELECT customer_id, regexp_replace(trim(name), ' +', ' ', 'g') AS r FROM customers;

-- empty_is_nothing
SELECT customer_id, coalesce(nullif(trim(note), ''), 'n/a') AS note FROM customers;

-- short_ones_first
SELECT customer_id, name FROM customers ORDER BY length(name) DESC NULLS LAST, name, customer_id;

-- nameless_last
SELECT customer_id, name FROM customers ORDER BY name IS NULL, upper(name), customer_id;

-- numbers_in_text
SELECT customer_id, CASE WHEN regexp_matches(note, '^[0-9]+$') THEN CAST(note AS BIGINT) END AS n FROM customers;

-- tried_numbers
SELECT customer_id, try_cast(note AS INTEGER) AS n FROM customers;

-- key_made_of_columns
SELECT order_id, md5(concat_ws('|', CAST(customer_id AS VARCHAR), coalesce(status, ''), strftime(day, '%Y%m%d'))) AS key FROM orders;

-- key_by_joining
SELECT order_id, md5(coalesce(CAST(customer_id AS VARCHAR), '_null_') || '-' || coalesce(status, '_null_')) AS key FROM orders;

-- without_leading_zeros
SELECT customer_id, ltrim(note, '0') AS r FROM customers;

-- value_of_a_pair
SELECT customer_id, CASE WHEN contains(note, '=') THEN split_part(note, '=', 2) END AS value FROM customers;

-- quotes_taken_off
SELECT customer_id, trim(name, '"') AS r, replace(name, '''', '') AS q FROM customers;

-- words_that_start_so
SELECT customer_id FROM customers WHERE name ILIKE 'a%' OR email LIKE '%!_%' ESCAPE '!' OR starts_with(note, '20');

-- not_like_with_nulls
SELECT customer_id FROM customers WHERE name NOT LIKE '%a%';

-- text_of_all_kinds
SELECT order_id, concat(order_id, '/', status, '/', day, '/', amount) AS r FROM orders;

-- middle_of_a_text
SELECT customer_id, substring(name, 2, length(name) - 2) AS r, name[2:-2] AS q FROM customers WHERE length(name) > 3;

-- reversed_search
SELECT customer_id, length(email) - strpos(reverse(email), '.') AS last_dot FROM customers;

-- least_and_greatest_texts
SELECT city, min(name) AS a, max(name) AS b, count(DISTINCT upper(name)) AS n FROM customers GROUP BY city;

-- case_by_case
SELECT order_id, CASE upper(status) WHEN 'PAID' THEN 1 WHEN 'OPEN' THEN 2 ELSE 3 END AS r FROM orders;

-- is_one_of_many
SELECT order_id, lower(status) IN ('paid', 'open ') AS r FROM orders;

-- flags_in_one_text
SELECT customer_id, concat_ws(',', CASE WHEN vip THEN 'vip' END, CASE WHEN referrer_id IS NULL THEN 'direct' END, city) AS flags FROM customers;

-- distinct_texts
SELECT string_agg(DISTINCT city, '; ' ORDER BY city) AS cities FROM customers;

-- translated_letters
SELECT customer_id, translate(lower(name), 'äöü', 'aou') AS r FROM customers;

-- letter_after_letter
SELECT customer_id, ascii(name) AS r, length(trim(name)) - length(name) AS blanks FROM customers;
