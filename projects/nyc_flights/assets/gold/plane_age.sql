/*
description = "Whether old planes are late: flights by the age of their plane"
owners = ["fleet"]
key = ["age"]
columns.age = { doc = "2013 less the year of manufacture", unit = "years", ge = 0 }
columns.planes = { gt = 0 }
columns.mean_delay = { doc = "at departure", unit = "min" }
*/
SELECT
    2013 - planes.built AS age,
    count(DISTINCT flights.tail_number) AS planes,
    count(*) AS flights,
    avg(flights.departure_delay) AS mean_delay,
    avg(planes.seats) AS mean_seats
FROM silver.flights AS flights
JOIN silver.planes AS planes USING (tail_number)
WHERE planes.built IS NOT NULL
GROUP BY ALL
ORDER BY age
