-- Who calls KMS most, through which service, for which resource? An empty service is a direct call.
SELECT SUM(CallerRequest)
FROM "Keytide/KMS"
GROUP BY Principal, Service, Resource
ORDER BY SUM() DESC
LIMIT 20
