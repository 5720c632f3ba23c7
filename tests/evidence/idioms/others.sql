-- field_of_json
SELECT customer_id, json_extract_string(note, '$.a') AS a FROM customers WHERE json_valid(note);

-- list_of_values
SELECT city, list(customer_id ORDER BY customer_id) AS ids FROM customers GROUP BY city;

-- split_into_rows
SELECT customer_id, unnest(string_split(note, ',')) AS part FROM customers;

-- nearest_before
SELECT s.sku, s.day, p.price FROM stock AS s ASOF JOIN prices AS p ON s.sku = p.sku AND s.day >= p.valid_from;

-- joined_by_position
SELECT * FROM orders POSITIONAL JOIN customers;

-- columns_by_pattern
SELECT max(COLUMNS('^(qty|amount)$')) FROM orders;

-- a_struct
SELECT order_id, {'a': qty, 'b': status} AS s FROM orders;

-- a_moment_with_zone
SELECT event_id, CAST(seen_at AS TIMESTAMPTZ) AS z FROM events;

-- approximately_distinct
SELECT approx_count_distinct(status) AS n FROM orders;

-- a_row_at_random
SELECT order_id FROM orders ORDER BY random() LIMIT 1;

-- the_first_without_order
SELECT customer_id, first(status) AS s FROM orders GROUP BY customer_id;
