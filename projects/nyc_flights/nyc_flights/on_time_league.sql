WITH punctuality AS (
    SELECT
        date_trunc('month', flights.day)::DATE AS month,
        flights.carrier,
        airlines.name AS airline,
        count(*) AS flights,
        avg(coalesce(flights.arrival_delay < 15, FALSE)::INTEGER) AS on_time_share
    FROM silver.flights AS flights
    JOIN silver.airlines AS airlines USING (carrier)
    GROUP BY ALL
)
SELECT *, rank() OVER (PARTITION BY month ORDER BY on_time_share DESC) AS rank
FROM punctuality
ORDER BY month, rank, carrier
