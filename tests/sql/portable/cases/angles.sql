SELECT id, sin(a) AS si, cos(a) AS co, atan2(a, b) AS an, degrees(x) AS de, pi() AS pi, cbrt(x) AS cb FROM t
