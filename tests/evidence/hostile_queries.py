"""Queries over the hostile table: each function and operator with each kind of value."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

_NUMBERS: Final = ("i", "b", "x", "p", "w", "3", "-2", "2.5", "0.001", "1e3")
_TEXTS: Final = ("s", "u", "'a'", "' A '", "g || s")
_TIMES: Final = ("d", "ts", "DATE '2024-02-29'", "TIMESTAMP '2024-12-31 23:59:59.5'")
_TRUTHS: Final = ("f", "i > 1", "s = 'a'", "x IS NULL")
_UNITS: Final = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
_PARTS: Final = (*_UNITS, "dow", "isodow", "doy", "isoyear", "epoch", "millisecond", "decade")

# {n} a number, {s} a text, {t} a time, {c} a condition, {u} a unit, {p} a part.
FORMS: Final = tuple(
    line
    for line in """
{n} + {n}
{n} - {n}
{n} * {n}
{n} / {n}
{n} // {n}
{n} % {n}
{n} & {n}
xor({n}, {n})
{n} = {n}
{n} < {n}
{n} <> {n}
{n} IS DISTINCT FROM {n}
{n} BETWEEN -1 AND {n}
greatest({n}, {n})
least({n}, {n}, 1)
coalesce({n}, {n})
nullif({n}, {n})
CASE WHEN f THEN {n} ELSE {n} END
if({c}, {n}, 0)
{n} IN (1, 2.5, -7)
power({n}, 2)
-{n}
abs({n})
sign({n})
round({n})
round({n}, 1)
round({n}, -1)
floor({n})
ceil({n})
trunc({n})
trunc({n}, 1)
sqrt(abs({n}))
exp({n} / 1e12)
ln(abs({n}) + 1)
log10(abs({n}) + 1)
log2(abs({n}) + 1)
log(2, abs({n}) + 1)
cbrt({n})
sin({n} % 7)
atan2({n}, 3)
degrees({n})
pi() * {n}
even({n})
factorial(3)
gcd({n}, 4)
isnan({n})
CAST({n} AS INTEGER)
CAST({n} AS BIGINT)
CAST({n} AS DOUBLE)
CAST({n} AS DECIMAL(12, 1))
CAST({n} AS DECIMAL(38, 9))
CAST({n} AS VARCHAR)
CAST({n} AS BOOLEAN)
TRY_CAST({n} AS SMALLINT)
{n} || 'x'
concat({n}, '-', s)
i << 2
bit_count(i)
{s} || {s}
{s} = {s}
{s} < {s}
{s} >= {s}
{s} <> {s}
{s} IS NOT DISTINCT FROM {s}
{s} IN ('a', 'A', 'b ')
{s} NOT IN ('a', 'x')
{s} BETWEEN 'A' AND 'b'
greatest({s}, {s})
coalesce({s}, {s}, '?')
nullif({s}, {s})
upper({s})
lower({s})
initcap({s})
length({s})
strlen({s})
bit_length({s})
ascii({s})
unicode({s})
chr(65)
reverse({s})
trim({s})
ltrim({s})
rtrim({s})
trim({s}, 'a')
ltrim({s}, ' a')
rtrim({s}, 'xa ')
left({s}, 2)
right({s}, 2)
left({s}, -1)
right({s}, -1)
left({s}, 0)
substring({s}, 2)
substring({s}, 1, 2)
substring({s}, 0, 2)
substring({s}, -2, 1)
substring({s}, 3, 100)
{s}[1]
{s}[1:2]
{s}[-1]
replace({s}, 'a', '')
replace({s}, '', 'x')
replace({s}, '\\', '/')
translate({s}, 'ab', 'xy')
repeat({s}, 2)
lpad({s}, 4, '*')
rpad({s}, 4, '*-')
lpad({s}, 1, '*')
strpos({s}, 'a')
position('a' IN {s})
instr({s}, 'b')
contains({s}, 'a')
contains({s}, '%')
starts_with({s}, 'a')
ends_with({s}, ' ')
prefix({s}, 'A')
split_part({s}, ',', 2)
split_part({s}, ',', -1)
string_split({s}, ',')[2]
concat({s}, {s})
concat_ws('-', {s}, {s}, 'z')
concat_ws('', {s}, u)
md5({s})
sha256({s})
sha1({s})
hash({s})
{s} LIKE 'a%'
{s} LIKE '%\\%'
{s} LIKE '_'
{s} LIKE '%a'
{s} LIKE '100!%!_x' ESCAPE '!'
{s} NOT LIKE '%b%'
{s} ILIKE 'A%'
{s} GLOB 'a*'
{s} SIMILAR TO 'a.*'
regexp_matches({s}, '[a-c]+')
regexp_matches({s}, '^a')
regexp_matches({s}, 'a|b')
regexp_full_match({s}, '[a-c]*')
regexp_replace({s}, '[a-c]', '-')
regexp_replace({s}, '[a-c]+', '-', 'g')
regexp_replace({s}, 'A', '-', 'gi')
regexp_extract({s}, '[a-z]+')
regexp_extract({s}, '([a-z])b', 1)
levenshtein({s}, 'abc')
base64({s}::BLOB)
hex({s})
url_encode({s})
format('{{}}', {s})
printf('%s', {s})
CAST({s} AS INTEGER)
TRY_CAST({s} AS DATE)
CAST({s} AS VARCHAR(2))
{s} COLLATE NOCASE
{t} = {t}
{t} < {t}
{t} - {t}
{t} + 1
{t} + INTERVAL 1 DAY
{t} - INTERVAL 1 MONTH
{t} + INTERVAL 1 YEAR
{t} + INTERVAL 2 WEEK
{t} + INTERVAL 90 MINUTE
{t} + INTERVAL '1' QUARTER
{t} + INTERVAL (i % 5) DAY
{t} + to_months(2)
d + i % 9
d - 40
date_trunc('{u}', {t})
date_diff('{u}', d, {t})
date_diff('{u}', {t}, TIMESTAMP '2024-03-01 00:00:00')
date_sub('{u}', d, {t})
date_part('{p}', {t})
extract({p} FROM {t})
date_add({t}, INTERVAL 3 DAY)
last_day({t})
year({t})
month({t})
day({t})
quarter({t})
week({t})
weekofyear({t})
yearweek({t})
dayofweek({t})
weekday({t})
isodow({t})
dayofyear({t})
hour({t})
minute({t})
second({t})
millisecond({t})
microsecond({t})
century({t})
era({t})
dayname({t})
monthname({t})
julian({t})
epoch({t})
epoch_ms({t})
epoch_us({t})
make_date(2024, 2, 1 + id % 28)
make_timestamp(2024, 2, 1 + id % 28, 3, 4, 5.5)
to_timestamp(b)
strftime({t}, '%Y-%m-%d')
strftime({t}, '%d.%m.%y %H:%M:%S')
strftime({t}, '%A %a %B %b %j')
strftime({t}, '%-d/%-m %I%p')
strftime({t}, '%G-W%V %U %W')
strftime({t}, '%f %g %u %w %e')
strptime('2024-02-' || (10 + id), '%Y-%m-%d')
strptime('03/04/2024 05:06:07', '%d/%m/%Y %H:%M:%S')
time_bucket(INTERVAL 15 MINUTE, {t})
time_bucket(INTERVAL 1 WEEK, {t})
age({t}, TIMESTAMP '2020-01-01 00:00:00')
CAST({t} AS DATE)
CAST({t} AS TIMESTAMP)
CAST({t} AS VARCHAR)
CAST({t} AS TIME)
{t} AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Berlin'
{t} AT TIME ZONE 'America/New_York'
coalesce({t}, DATE '2000-01-01')
greatest({t}, TIMESTAMP '2021-01-01 00:00:00')
{t} BETWEEN '2021-01-01' AND '2024-06-30'
{t} IN ('2024-02-29')
{t} > '2024-01-01'
{c} AND f
{c} OR f
NOT ({c})
{c} = f
({c}) IS TRUE
({c}) IS NOT FALSE
({c}) IS NULL
{c} AND NULL
CASE WHEN {c} THEN 'y' WHEN f THEN 'm' END
CASE {s} WHEN 'a' THEN 1 WHEN 'A' THEN 2 ELSE 0 END
CAST({c} AS INTEGER)
CAST(({c}) AS VARCHAR)
""".splitlines()
    if line
)

# {n}, {s}, {t} and {c} as above; each is a query's second column, grouped by the first.
AGGREGATES: Final = tuple(
    line
    for line in """
count(*)
count({n})
count({s})
count(DISTINCT {n})
count(DISTINCT {s})
count(DISTINCT {t})
sum({n})
sum(DISTINCT {n})
avg({n})
min({n})
max({n})
min({s})
max({s})
min({t})
max({t})
min(f)
max(f)
bool_and({c})
bool_or({c})
count_if({c})
count(*) FILTER (WHERE {c})
sum({n}) FILTER (WHERE {c})
min({s}) FILTER (WHERE {c})
stddev({n})
stddev_pop({n})
var_samp({n})
var_pop({n})
corr({n}, x)
covar_pop({n}, x)
median({n})
quantile_cont({n}, 0.25)
quantile_disc({n}, 0.5)
mode({n})
any_value({n})
first({n} ORDER BY id)
arg_max(s, {n})
arg_min(id, {n})
max_by(s, {t})
product({n})
bit_or(i)
string_agg({s}, ',' ORDER BY id)
string_agg({s}, ',' ORDER BY s DESC, id)
string_agg(DISTINCT {s}, '|' ORDER BY {s})
string_agg({s})
list({n} ORDER BY id)
approx_count_distinct({n})
skewness({n})
kurtosis({n})
regr_slope({n}, x)
sum(CASE WHEN {c} THEN {n} ELSE 0 END)
sum(i) / count(*)
max(length({s}))
sum({n}) * 1.5
avg({n}) > 1
""".splitlines()
    if line
)

WINDOWS: Final = tuple(
    f"{function} OVER ({window})"
    for function in (
        *("row_number()", "rank()", "dense_rank()", "percent_rank()", "cume_dist()", "ntile(3)"),
        *("sum(i)", "sum(p)", "avg(x)", "count(*)", "count(s)", "min(s)", "max(d)", "bool_or(f)"),
        *("lag(i)", "lead(s, 2)", "lag(p, 1, 0)", "lead(ts)", "first_value(s)", "last_value(i)"),
        *("nth_value(s, 2)", "first_value(i IGNORE NULLS)", "sum(x) FILTER (WHERE f)"),
    )
    for window in (
        "ORDER BY id",
        "PARTITION BY g ORDER BY id",
        "PARTITION BY g ORDER BY i DESC, id",
        "PARTITION BY f ORDER BY s NULLS FIRST, id",
        "ORDER BY d",
        "PARTITION BY p ORDER BY id",
        "PARTITION BY g",
        "ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW",
        "PARTITION BY g ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
        "ORDER BY id ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING",
        "ORDER BY i RANGE BETWEEN 3 PRECEDING AND 2 FOLLOWING",
        "ORDER BY i DESC RANGE BETWEEN 1 PRECEDING AND CURRENT ROW",
        "ORDER BY id GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW",
    )
)
_FIELDS: Final = {
    "{n}": _NUMBERS,
    "{s}": _TEXTS,
    "{t}": _TIMES,
    "{c}": _TRUTHS,
    "{u}": _UNITS,
    "{p}": _PARTS,
}


def filled(form: str) -> Iterator[str]:
    """The form with each of its fields as each value of the field's kind."""
    marks = sorted(
        (mark for mark in _FIELDS for _ in range(form.count(mark))), key=lambda m: form.index(m)
    )
    for values in product(*(_FIELDS[mark] for mark in marks)):
        text = form
        for mark, value in zip(marks, values, strict=True):
            text = text.replace(mark, value, 1)
        yield text.replace("{{", "{").replace("}}", "}")


def hostile_queries() -> Iterator[str]:
    """All queries of one expression, over the tables of hostile_rows."""
    for form in FORMS:
        for expression in filled(form):
            yield f"SELECT id, {expression} AS r FROM h"
    for form in AGGREGATES:
        for expression in filled(form):
            yield f"SELECT g, {expression} AS r FROM h GROUP BY g"
            yield f"SELECT {expression} AS r FROM h WHERE id > 100"
    for window in WINDOWS:
        yield f"SELECT id, {window} AS r FROM h"
    for key in (*_NUMBERS[:5], "s", "g", "d", "ts", "f"):
        for direction in ("", " DESC", " NULLS FIRST", " DESC NULLS LAST"):
            yield f"SELECT id, {key} AS r FROM h ORDER BY {key}{direction}, id"
        yield f"SELECT DISTINCT {key} AS r FROM h"
        yield f"SELECT {key} AS r, count(*) AS n FROM h GROUP BY {key}"
        yield f"SELECT a.id, b.id AS other FROM h AS a JOIN h AS b ON a.{key} = b.{key}"
        yield f"SELECT id FROM h WHERE {key} IN (SELECT {key} FROM h WHERE id < 5)"
        yield f"SELECT id FROM h WHERE {key} NOT IN (SELECT {key} FROM h WHERE id < 3)"
        for operation in ("UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL"):
            yield f"SELECT {key} AS r FROM h {operation} SELECT {key} FROM h WHERE id < 7"
