/*
description = "How each route performed over the year"
owners = ["network"]
key = ["origin", "destination"]
columns.carriers = { doc = "airlines that fly it" }
columns.cancelled_share = { ge = 0, le = 1 }
columns.mean_delay = { doc = "at arrival", unit = "min" }
columns.p90_delay = { doc = "nine flights in ten arrived no later than this", unit = "min" }
columns.speed = { doc = "in the air", unit = "mi/h", gt = 0 }
*/
SELECT
    flights.origin,
    flights.destination,
    airports.name AS destination_name,
    count(*) AS flights,
    count(DISTINCT flights.carrier) AS carriers,
    avg(flights.is_cancelled::INTEGER) AS cancelled_share,
    avg(flights.arrival_delay) AS mean_delay,
    quantile_cont(flights.arrival_delay, 0.9) AS p90_delay,
    sum(flights.distance) FILTER (flights.air_time IS NOT NULL)
        / (sum(flights.air_time) / 60) AS speed
FROM silver.flights AS flights
JOIN silver.airports AS airports ON airports.airport = flights.destination
GROUP BY ALL
ORDER BY flights DESC, origin, destination
