-- Which keys and operations fail otherwise (disabled keys, wrong ciphertexts, invalid signatures)? CloudWatch has no such
-- metric.
SELECT SUM(FailedRequest)
FROM SCHEMA("Keytide/KMS", KeyArn, Operation)
GROUP BY KeyArn, Operation
ORDER BY SUM() DESC
LIMIT 20
