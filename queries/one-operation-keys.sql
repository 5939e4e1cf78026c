-- Which keys decrypt most? For another operation change the name: Encrypt, GenerateDataKey, Sign …
SELECT SUM(SuccessfulRequest)
FROM SCHEMA("AWS/KMS", KeyArn, Operation)
WHERE Operation = 'Decrypt'
GROUP BY KeyArn
ORDER BY SUM() DESC
LIMIT 20
