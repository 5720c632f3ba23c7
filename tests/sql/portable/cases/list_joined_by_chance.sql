SELECT array_to_string(list(s), ',') AS r FROM t
