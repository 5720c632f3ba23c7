SELECT o."Mixed" AS mixed, N AS "N", o.MIXED || 'x' AS "MiXed2", u.G FROM odd AS o CROSS JOIN u
