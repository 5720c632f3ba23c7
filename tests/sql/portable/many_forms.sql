-- numbers_of_doubles
SELECT id, x, floor(x) a, ceil(x) b, round(x) c, round(x,1) d, CAST(x AS BIGINT) e, abs(x) f FROM t;

-- texts_and_parts
SELECT id, trim(s,'ab') a, ltrim(s,'a') b, rtrim(s, 'b ') c, substring(s,2,3) d, left(s,2) e, right(s,2) f, replace(s,'b','--') g, translate(s,'ab','xy') h, reverse(s) i, repeat(s,2) j, lpad(s,7,'*') k, rpad(s,7,'*') l, strpos(s,'b') m, contains(s,'c') n, starts_with(s,'a') o, ends_with(s,' ') p, split_part(s,'b',2) q, length(s) r, upper(s) t, md5(s) u, sha256(s) v, concat_ws('-',s,g) w FROM t;

-- likes
SELECT id, s LIKE 'a\_b%' ESCAPE '\' a, s LIKE '%\%' b, s LIKE 'a_b%' c, s ILIKE 'ABC%' d, s LIKE '\%!_%' ESCAPE '!' e, s = 'abc' f, s > 'a' g FROM t;

-- patterns
SELECT id, regexp_matches(s,'[a-c]+') a, regexp_replace(s,'[bc]','X') b, regexp_replace(s,'[bc]','X','g') c, regexp_extract(s,'[0-9]+') d, regexp_extract(s,'a([bc])',1) e FROM t;

-- starts_of_times
SELECT id, date_trunc('year',ts) a, date_trunc('quarter',ts) b, date_trunc('month',ts) c, date_trunc('week',ts) d, date_trunc('day',ts) e, date_trunc('hour',ts) f, date_trunc('minute',ts) g, date_trunc('month', d) h FROM t;

-- parts_of_times
SELECT id, year(ts) a, quarter(ts) b, month(d) c, day(d) dd, hour(ts) e, minute(ts) f, second(ts) g, isoyear(d) h, dayofyear(d) i, week(d) j, dayofweek(d) k, isodow(ts) l FROM t;

-- times_moved
SELECT id, d + 3 a, d - id b, ts + INTERVAL 1 MONTH c, ts - INTERVAL 2 HOUR e, d + INTERVAL 1 YEAR f, ts + INTERVAL (id) DAY g, d - DATE '2024-01-01' h FROM t;

-- times_between
SELECT id, date_diff('day', d, DATE '2024-03-01') a, date_diff('month', d, DATE '2024-03-01') b, date_diff('year', d, DATE '2024-03-01') c, date_diff('quarter', d, DATE '2024-03-01') e, date_diff('hour', ts, TIMESTAMP '2024-03-01 00:00:00') f, date_diff('minute', ts, TIMESTAMP '2024-03-01 00:00:00') g, date_diff('second', ts, TIMESTAMP '2024-03-01 00:00:00') h, date_diff('week', d, DATE '2024-03-01') i, epoch(ts) j, epoch(TIMESTAMP '2024-03-01 00:00:00' - ts) k FROM t;

-- times_as_texts
SELECT id, strftime(ts,'%Y-%m-%d %H:%M:%S') a, strftime(d,'%b %B %a %A %y %j') b, strftime(d, '%Y/%m') c, strptime(strftime(ts,'%Y-%m-%d %H:%M:%S'), '%Y-%m-%d %H:%M:%S') e, last_day(d) f, make_date(2024, id, 1) g FROM t;

-- zones
SELECT id, ts AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Berlin' a FROM t;

-- arithmetic
SELECT id, a // b q, a % b r, x / 2 d, a & b c, a | b e, xor(a,b) f, sign(x) g, p*p h, p+p i, p/3 j, CAST(p AS INTEGER) k, CAST(p AS DECIMAL(5,1)) l, CAST(x AS DECIMAL(8,1)) m, -a n FROM t WHERE b <> 0;

-- functions_of_doubles
SELECT id, ln(abs(x)) a, log10(abs(x)) b, log2(abs(x)) c, exp(x) d, sqrt(abs(x)) e, power(x,2) f, greatest(a,b,x) g, least(a,b) h FROM t;

-- aggregates
SELECT g, count(*) a, count(DISTINCT a) b, sum(a) c, avg(a) d, min(s) e, max(d) f, stddev(x) h, var_pop(x) i, median(x) j, corr(x,a) k, string_agg(s, '|' ORDER BY s) l, bool_and(f) m, bool_or(f) n, count_if(a > 3) o, sum(p) q, avg(p) r FROM t GROUP BY g;

-- texts_joined
SELECT g, string_agg(DISTINCT s, ',' ORDER BY s) l FROM t GROUP BY g;

-- windows
SELECT id, row_number() OVER (ORDER BY a, id) a, rank() OVER (PARTITION BY g ORDER BY a) b, lag(a,1) OVER (ORDER BY id) c, lead(a,2,0) OVER (ORDER BY id) d, first_value(a IGNORE NULLS) OVER (ORDER BY id) e, last_value(a) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) f, nth_value(a,2) OVER (ORDER BY id) g, ntile(3) OVER (ORDER BY id) h, sum(a) OVER (ORDER BY id) i, percent_rank() OVER (ORDER BY a) j, cume_dist() OVER (ORDER BY a) k FROM t;

-- quotes_and_controls
SELECT id, 'it''s \ "q" %_ ' || coalesce(s,'-') AS r, 'tab	here' AS u FROM t;

-- rollup
SELECT g, a, sum(b) s, grouping(g) gg FROM t GROUP BY ROLLUP (g, a);

-- grouping_sets
SELECT g, sum(b) s FROM t GROUP BY GROUPING SETS ((g), ());

-- intersect_rows
SELECT id FROM t INTERSECT SELECT id FROM u;

-- except_all_rows
SELECT g FROM t EXCEPT ALL SELECT g FROM u;

-- page
SELECT DISTINCT g FROM t ORDER BY g DESC LIMIT 2 OFFSET 1;

-- casts_of_all
SELECT id, CAST(a AS VARCHAR) a, CAST(p AS VARCHAR) b, CAST(d AS VARCHAR) c, CAST(f AS VARCHAR) e, CAST('12' AS INTEGER) g, CAST(ts AS DATE) h, CAST(d AS TIMESTAMP) i, f IS TRUE j, a IS DISTINCT FROM b k FROM t;

-- distances
SELECT id, sum(a) OVER (ORDER BY b RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) s FROM t WHERE b IS NOT NULL;
