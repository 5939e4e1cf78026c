-- From which key to which other is data re-encrypted? A key that the log doesn't name is empty: of a caller whose trail is not
-- collected, each key's owner has a record that names its own key only, and each of them is a row.
SELECT SUM(SuccessfulRequest)
FROM SCHEMA("AWS/KMS", SourceKeyArn, DestinationKeyArn, Operation)
GROUP BY SourceKeyArn, DestinationKeyArn
ORDER BY SUM() DESC
LIMIT 20
