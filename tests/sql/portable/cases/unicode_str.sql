SELECT length('héllo wörld') AS r, 'ж' AS c
