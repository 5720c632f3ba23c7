SELECT ln(100.0) AS a1, log10(100.0) AS b1, log(100.0) AS c1, log2(8.0) AS d1
