SELECT t.id FROM t JOIN u ON t.g = u.g WHERE t.s IN ('abc', 'ABC') AND NOT t.g = 'y'
