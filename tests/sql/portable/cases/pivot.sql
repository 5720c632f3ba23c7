PIVOT (SELECT g, f, a FROM t) ON f IN (true, false) USING sum(a) GROUP BY g
