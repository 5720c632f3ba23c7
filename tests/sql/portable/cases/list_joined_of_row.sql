SELECT array_to_string(split(s, 'b'), ',') AS r FROM t
