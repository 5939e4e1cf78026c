-- How many requests did the busiest second of each quota pool have? Quotas are of the calling account, per Region and
-- second; an observation is one second's requests.
SELECT MAX(QuotaRequest)
FROM SCHEMA("Keytide/KMS", Account, Region, QuotaPool)
GROUP BY Account, Region, QuotaPool
ORDER BY MAX() DESC
