SELECT id, t.a AS ta, u.a AS ua FROM t FULL JOIN u USING (id)
