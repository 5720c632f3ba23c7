SELECT count(DISTINCT gen_random_uuid()) AS r, max(current_date) >= DATE '2020-01-01' AS c FROM t
