-- Which accounts' keys are used most? Usage follows the account that owns the key.
SELECT SUM(SuccessfulRequest)
FROM "AWS/KMS"
GROUP BY AWS.AccountId
ORDER BY SUM() DESC
