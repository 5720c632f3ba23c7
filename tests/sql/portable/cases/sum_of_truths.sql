SELECT g, sum(f) AS yes, count_if(f) AS counted FROM t GROUP BY g
