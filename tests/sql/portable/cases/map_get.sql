SELECT MAP {'a': 1, 'b': 2}['b'] AS r
