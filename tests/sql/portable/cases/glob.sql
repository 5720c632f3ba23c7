SELECT id FROM t WHERE s GLOB 'a?_' OR s GLOB 'ab*'
