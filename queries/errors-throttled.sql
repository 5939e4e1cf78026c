-- Which keys and operations are throttled? CloudWatch has no such metric.
SELECT SUM(ThrottledRequest)
FROM SCHEMA("Keytide/KMS", KeyArn, Operation)
GROUP BY KeyArn, Operation
ORDER BY MAX() DESC
LIMIT 20
