-- From which key to which other is data re-encrypted? A key that the log doesn't name is empty.
SELECT SUM(SuccessfulRequest)
FROM SCHEMA("AWS/KMS", SourceKeyArn, DestinationKeyArn, Operation)
GROUP BY SourceKeyArn, DestinationKeyArn
ORDER BY SUM() DESC
LIMIT 20
