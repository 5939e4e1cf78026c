-- Which operations are called most, over all keys? ReEncrypt has other dimensions and is in it too, once a call;
-- where only the owners of its keys have records of a call, once a key.
SELECT SUM(SuccessfulRequest)
FROM "AWS/KMS"
GROUP BY Operation
ORDER BY SUM() DESC
