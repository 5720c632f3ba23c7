SELECT array_to_string(list(s), ',') AS r, array_to_string(list(DISTINCT s ORDER BY id), ',') AS d FROM t
