-- Which quota pools throttle, and when most?
SELECT SUM(QuotaThrottle)
FROM SCHEMA("Keytide/KMS", Account, Region, QuotaPool)
GROUP BY Account, Region, QuotaPool
ORDER BY SUM() DESC
