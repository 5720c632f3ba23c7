WITH c AS (SELECT g, sum(a) AS n FROM t GROUP BY g) SELECT x.g, y.n FROM c x JOIN c y ON x.g = y.g ORDER BY x.g
