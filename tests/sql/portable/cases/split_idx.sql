SELECT id, string_split(s, 'b')[1] AS r FROM t
