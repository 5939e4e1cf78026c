//! Amazon Resource Names, parsed generically: every partition, no list of Regions.

/// The six parts of an ARN, borrowed from its text: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov` …
    pub partition: &'a str,
    /// `kms`, `s3`, `iam` …
    pub service: &'a str,
    /// The Region, empty for global services.
    pub region: &'a str,
    /// The account, empty where the service has none (`s3`).
    pub account: &'a str,
    /// All that follows the fifth colon.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits an ARN; `None` if the text is none.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        let (partition, service, region) = (parts.next()?, parts.next()?, parts.next()?);
        let (account, resource) = (parts.next()?, parts.next()?);
        (!partition.is_empty() && !service.is_empty() && !resource.is_empty()).then_some(Self {
            partition,
            service,
            region,
            account,
            resource,
        })
    }
}

/// A KMS key ARN, `arn:PARTITION:kms:REGION:ACCOUNT:key/ID`: its account owns the key, its Region is the key's own.
/// Multi-Region keys share an id and differ in the Region, so they are different keys here, as in CloudWatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyArn<'a> {
    text: &'a str,
    arn: Arn<'a>,
}

impl<'a> KeyArn<'a> {
    /// The key ARN in `text`; `None` for alias ARNs, bare ids and everything else.
    pub fn parse(text: &'a str) -> Option<Self> {
        let arn = Arn::parse(text)?;
        let id = arn.resource.strip_prefix("key/")?;
        let whole = arn.service == "kms" && !arn.region.is_empty() && !arn.account.is_empty();
        (whole && !id.is_empty() && !id.contains('/')).then_some(Self { text, arn })
    }

    /// The ARN as written.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// The account that owns the key.
    pub fn account(&self) -> &'a str {
        self.arn.account
    }

    /// The Region that the key lives in.
    pub fn region(&self) -> &'a str {
        self.arn.region
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_arns_of_every_partition_are_keys() {
        for (text, region, account) in [
            (
                "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                "us-east-1",
                "111122223333",
            ),
            ("arn:aws-cn:kms:cn-north-1:111122223333:key/k", "cn-north-1", "111122223333"),
            ("arn:aws-us-gov:kms:us-gov-west-1:1:key/mrk-1234", "us-gov-west-1", "1"),
        ] {
            let key = KeyArn::parse(text).expect("a key ARN");
            assert_eq!((key.as_str(), key.region(), key.account()), (text, region, account));
        }
    }

    #[test]
    fn aliases_ids_and_other_services_are_no_keys() {
        for text in [
            "",
            "alias/app",
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:us-east-1:111122223333:alias/app",
            "arn:aws:kms:us-east-1:111122223333:key/",
            "arn:aws:kms::111122223333:key/a",
            "arn:aws:kms:us-east-1::key/a",
            "arn:aws:s3:us-east-1:1:key/a",
            "arn:aws:kms:us-east-1:1:key/a/b",
        ] {
            assert_eq!(KeyArn::parse(text), None, "{text}");
        }
    }
}
