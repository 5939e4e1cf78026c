-- What is one key used for? Put your key's ARN in the WHERE clause (keytide top --output csv shows ARNs whole).
SELECT SUM(SuccessfulRequest)
FROM SCHEMA("AWS/KMS", KeyArn, Operation)
WHERE KeyArn = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
GROUP BY Operation
ORDER BY SUM() DESC
