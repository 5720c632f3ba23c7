SELECT list_sum(list_transform([1, 2, 3], lambda x: x * 2)) AS r
