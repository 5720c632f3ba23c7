SELECT id, s[2] AS one, s[2:3] AS two, s[3:] AS rest FROM t
