-- Which keys are used most for a set of operations, here for making and using data keys (all but signatures, MACs, key
-- agreement and encapsulation)? Metrics Insights has neither OR nor IN, so a set is what is left when the others are
-- excluded; one row a key and operation. keytide top --operation Decrypt,GenerateDataKey adds a key's operations up.
SELECT SUM(SuccessfulRequest)
FROM SCHEMA("AWS/KMS", KeyArn, Operation)
WHERE Operation != 'Sign'
  AND Operation != 'Verify'
  AND Operation != 'GenerateMac'
  AND Operation != 'VerifyMac'
  AND Operation != 'DeriveSharedSecret'
  AND Operation != 'Encapsulate'
  AND Operation != 'Decapsulate'
GROUP BY KeyArn, Operation
ORDER BY SUM() DESC
LIMIT 50
