-- Which keys and operations are denied by a policy? CloudWatch has no such metric.
SELECT SUM(DeniedRequest)
FROM SCHEMA("Keytide/KMS", KeyArn, Operation)
GROUP BY KeyArn, Operation
ORDER BY SUM() DESC
LIMIT 20
