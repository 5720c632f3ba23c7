SELECT E'a\tb' AS r
