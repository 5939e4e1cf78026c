-- Who uses one key, and for what? Put your key's ARN in the WHERE clause.
SELECT SUM(CallerRequest)
FROM "Keytide/KMS"
WHERE KeyArn = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
GROUP BY Principal, Service, Operation
ORDER BY SUM() DESC
LIMIT 20
