SELECT id, concat_ws('-', s, g, 'z') AS r FROM t
