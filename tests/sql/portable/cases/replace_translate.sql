SELECT id, replace(s, 'b', '') AS r, translate(s, 'ab', 'xy') AS tr FROM t
