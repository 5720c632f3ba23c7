SELECT $$a'b$$ AS r
