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

/// The partition that a Region belongs to. Source: the patterns of Regions in the AWS SDKs' `partitions.json`.
pub fn partition(region: &str) -> &'static str {
    const STARTS: [(&str, &str); 7] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("eusc-", "aws-eusc"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
    ];
    STARTS.iter().find(|(start, _)| region.starts_with(start)).map_or("aws", |(_, partition)| partition)
}

/// No Region's name is longer (`us-isob-east-1`).
const REGION_MAX: usize = 32;
/// No key's id is longer: a UUID, or `mrk-` and 32 digits.
const KEY_ID_MAX: usize = 64;

/// A KMS key ARN, `arn:PARTITION:kms:REGION:ACCOUNT:key/ID`: its account owns the key, its Region is the key's own.
///
/// Whoever calls KMS writes what he likes where a key is named, and a call that is refused is in the log with it. So
/// what can be no key's name is none: what is taken for one is safe to print, to store, and to give to a shell.
///
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
        let is_known = arn.service == "kms"
            && matches!(arn.partition.as_bytes(), [b'a', b'w', b's', rest @ ..]
            if rest.is_empty() || rest[0] == b'-' && rest.len() < REGION_MAX && rest.iter().all(is_of_region));
        let is_region = is_long(arn.region, REGION_MAX) && arn.region.bytes().all(|byte| is_of_region(&byte));
        let is_account = arn.account.len() == 12 && arn.account.bytes().all(|digit| digit.is_ascii_digit());
        let is_id = is_long(id, KEY_ID_MAX)
            // Else a command would take it for a flag.
            && !id.starts_with('-')
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        (is_known && is_region && is_account && is_id).then_some(Self { text, arn })
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

/// Of a length from 1 on.
fn is_long(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len())
}

fn is_of_region(byte: &u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-'
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
            (
                "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab",
                "us-gov-west-1",
                "111122223333",
            ),
        ] {
            let key = KeyArn::parse(text).expect("a key ARN");
            assert_eq!((key.as_str(), key.region(), key.account()), (text, region, account));
        }
    }

    #[test]
    fn a_region_is_of_its_partition() {
        let of = ["eu-west-1", "cn-north-1", "us-gov-west-1", "us-isob-east-1", "eusc-de-east-1", ""].map(partition);
        assert_eq!(of, ["aws", "aws-cn", "aws-us-gov", "aws-iso-b", "aws-eusc", "aws"]);
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
            "arn:aws:s3:us-east-1:111122223333:key/a",
            "arn:aws:kms:us-east-1:111122223333:key/a/b",
        ] {
            assert_eq!(KeyArn::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_caller_made_up_is_no_key() {
        let of = |partition: &str, region: &str, account: &str, id: &str| {
            let text = format!("arn:{partition}:kms:{region}:{account}:key/{id}");
            KeyArn::parse(&text).is_some()
        };
        assert!(of("aws", "us-east-1", "111122223333", "1234abcd-12ab-34cd-56ef-1234567890ab"));
        for id in
            ["$(reboot)", "-rf", "a;b", "a b", "a'b", "a\nb", "\u{1b}[2J", "é", "a`b`", "<!channel>", &"a".repeat(65)]
        {
            assert!(!of("aws", "us-east-1", "111122223333", id), "{id}");
        }
        for region in ["us east", "US-EAST-1", "us_east", &"a".repeat(200)] {
            assert!(!of("aws", region, "111122223333", "a"), "{region}");
        }
        for account in ["1", "11112222333a", "1111222233334"] {
            assert!(!of("aws", "us-east-1", account, "a"), "{account}");
        }
        for partition in ["awful", "aws-\u{7}", "gcp"] {
            assert!(!of(partition, "us-east-1", "111122223333", "a"), "{partition}");
        }
    }
}
