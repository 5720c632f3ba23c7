SELECT id FROM t WHERE list_contains([1, 3], id)
