SELECT id FROM t WHERE starts_with(s, 'a') OR contains(s, 'B')
