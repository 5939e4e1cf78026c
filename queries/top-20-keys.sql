-- Which 20 keys have the busiest minute? The query of the AWS Security Blog, unchanged. ReEncrypt has other dimensions
-- and is not in it: see reencrypt-pairs.sql.
SELECT SUM(SuccessfulRequest)
FROM SCHEMA("AWS/KMS", KeyArn, Operation)
GROUP BY KeyArn
ORDER BY MAX () DESC
LIMIT 20
