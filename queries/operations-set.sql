-- Which keys are used most for a set of operations, here for making and using data keys (all but signatures, MACs and key
-- agreement)? Metrics Insights has neither OR nor IN, so a set is what is left when the others are excluded; one row a
-- key and operation. keytide top --operation Decrypt,GenerateDataKey adds the operations of a key up.
SELECT SUM(SuccessfulRequest)
FROM SCHEMA("AWS/KMS", KeyArn, Operation)
WHERE Operation != 'Sign'
  AND Operation != 'Verify'
  AND Operation != 'GenerateMac'
  AND Operation != 'VerifyMac'
  AND Operation != 'DeriveSharedSecret'
GROUP BY KeyArn, Operation
ORDER BY SUM() DESC
LIMIT 50
