SELECT min(s) AS a, max(s) AS b, count(DISTINCT s) AS c FROM t
