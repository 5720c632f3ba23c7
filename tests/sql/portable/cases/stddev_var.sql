SELECT stddev(x) AS s1, variance(x) AS v1, stddev_pop(x) AS s2, corr(x, a) AS c FROM t
