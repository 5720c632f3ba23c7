SELECT id, ts AT TIME ZONE 'UTC' AT TIME ZONE 'America/New_York' AS r FROM t
