SELECT 'it''s \n' AS r
