SELECT g, quantile_cont(a, 0.25) AS low FROM t GROUP BY g
