SELECT v.k, v.n FROM (VALUES ('a', 1), ('b', 2)) AS v(k, n)
