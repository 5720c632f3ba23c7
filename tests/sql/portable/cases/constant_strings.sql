SELECT 'back\slash' AS a, 'it''s {0}' AS b, 'ünï' AS c
