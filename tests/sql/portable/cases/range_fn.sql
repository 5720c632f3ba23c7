SELECT i FROM range(1, 5) AS s(i)
