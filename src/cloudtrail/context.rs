//! The encryption context: which resource a call was made for.
//!
//! AWS services bind their ciphertexts to the resource they protect, so a context entry names the bucket, volume,
//! secret or table behind a call more surely than `invokedBy` does, which often says no more than `AWS Internal`.
//! Source: the services' own pages on encryption, collected in the KMS developer guide, *Encryption context*.

use crate::domain::NameSet;

/// What a context entry's value names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// An ARN, kept whole.
    Arn,
    /// An S3 ARN: the bucket is kept, the object's key dropped.
    Bucket,
    /// A bare name, shown as `kind:name`.
    Name(&'static str),
}

struct Entry {
    key: &'static str,
    service: &'static str,
    names: Names,
}

const fn entry(key: &'static str, service: &'static str, names: Names) -> Entry {
    Entry { key, service, names }
}

/// The entries that services write, the most telling first: where a context holds several, the first of this list
/// wins. ECR, CloudTrail and Redshift also name the S3 object or volume they keep their data in, which is not the
/// user's.
const ENTRIES: &[Entry] = &[
    entry("SecretARN", "secretsmanager.amazonaws.com", Names::Arn),
    entry("PARAMETER_ARN", "ssm.amazonaws.com", Names::Arn),
    entry("aws:lambda:FunctionArn", "lambda.amazonaws.com", Names::Arn),
    entry("aws:dynamodb:tableName", "dynamodb.amazonaws.com", Names::Name("dynamodb")),
    entry("aws:cloudtrail:arn", "cloudtrail.amazonaws.com", Names::Arn),
    entry("aws:ecr:arn", "ecr.amazonaws.com", Names::Arn),
    entry("aws:logs:arn", "logs.amazonaws.com", Names::Arn),
    entry("aws:rds:dbc-id", "rds.amazonaws.com", Names::Name("rds-cluster")),
    entry("aws:rds:db-id", "rds.amazonaws.com", Names::Name("rds")),
    entry("aws:redshift:arn", "redshift.amazonaws.com", Names::Arn),
    entry("aws:ecs:clusterName", "fargate.amazonaws.com", Names::Name("ecs-cluster")),
    entry("aws:workspaces:sid-directoryid", "workspaces.amazonaws.com", Names::Name("workspaces")),
    entry("aws:ses:rule-name", "ses.amazonaws.com", Names::Name("ses-rule")),
    entry("aws:workmail:arn", "workmail.amazonaws.com", Names::Arn),
    entry("aws:elasticloadbalancing:arn", "elasticloadbalancing.amazonaws.com", Names::Arn),
    entry("aws:apigateway:arn", "apigateway.amazonaws.com", Names::Arn),
    entry("aws:acm:arn", "acm.amazonaws.com", Names::Arn),
    entry("aws:sqs:arn", "sqs.amazonaws.com", Names::Arn),
    entry("aws:sns:topicArn", "sns.amazonaws.com", Names::Arn),
    entry("aws:kinesis:arn", "kinesis.amazonaws.com", Names::Arn),
    entry("aws:elasticfilesystem:filesystem:id", "elasticfilesystem.amazonaws.com", Names::Name("efs")),
    entry("aws:dsql:ClusterId", "dsql.amazonaws.com", Names::Name("dsql-cluster")),
    entry("aws:aoss:arn", "aoss.amazonaws.com", Names::Arn),
    entry("aws:ebs:id", "ec2.amazonaws.com", Names::Name("ebs")),
    entry("aws:s3express:arn", "s3express.amazonaws.com", Names::Bucket),
    entry("aws:s3:arn", "s3.amazonaws.com", Names::Bucket),
];

/// The keys, in their order.
static KEYS: NameSet<{ ENTRIES.len() }> = {
    let mut keys = [""; ENTRIES.len()];
    let mut place = 0;
    while place < ENTRIES.len() {
        keys[place] = ENTRIES[place].key;
        place += 1;
    }
    NameSet::new(keys)
};

/// The rank of an entry that names nothing.
const NOTHING: usize = usize::MAX;

/// How well an entry names a resource: smaller is better, [`NOTHING`] not at all. A value that is an ARN under a key
/// of the caller's own comes after all known entries.
fn rank(key: &[u8], value: &[u8]) -> usize {
    // The commonest first; the list's order is that of meaning, not of frequency.
    if key == b"aws:s3:arn" {
        return ENTRIES.len() - 1;
    }
    match KEYS.place_of(key) {
        Some(rank) => rank,
        None if value.starts_with(b"arn:") => ENTRIES.len(),
        None => NOTHING,
    }
}

/// The better of two entries: the one that stands and a new one, if it names a resource at all.
pub(super) fn better<'a>(
    standing: Option<(&'a [u8], &'a [u8])>,
    key: &'a [u8],
    value: &'a [u8],
) -> Option<(&'a [u8], &'a [u8])> {
    let new_rank = rank(key, value);
    let standing_rank = standing.map_or(NOTHING, |(key, value)| rank(key, value));
    if new_rank < standing_rank { Some((key, reduced(key, value))) } else { standing }
}

/// The value without what differs from call to call: of an S3 object the bucket is left.
fn reduced<'a>(key: &[u8], value: &'a [u8]) -> &'a [u8] {
    if !matches!(key, b"aws:s3:arn" | b"aws:s3express:arn") || value.starts_with(b"arn:aws:s3express:") {
        return value;
    }
    match memchr::memchr(b'/', value) {
        Some(slash) => &value[..slash],
        None => value,
    }
}

/// The longest resource name that is kept, in bytes: the context of a direct call is text of the caller's choice.
const RESOURCE_BYTES_MAX: usize = 512;

/// The resource that an entry names, as shown to people.
pub(super) fn resource(key: &str, value: &str) -> String {
    let value = match value.char_indices().find(|(at, c)| at + c.len_utf8() > RESOURCE_BYTES_MAX) {
        Some((at, _)) => &value[..at],
        None => value,
    };
    match ENTRIES.iter().find(|entry| entry.key == key) {
        Some(Entry { names: Names::Name(kind), .. }) => format!("{kind}:{value}"),
        _ => value.to_owned(),
    }
}

/// The service that writes such entries.
pub(super) fn service(key: &str) -> Option<&'static str> {
    ENTRIES.iter().find(|entry| entry.key == key).map(|entry| entry.service)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best<'a>(entries: &[(&'a str, &'a str)]) -> Option<(&'a str, &'a str)> {
        let found = entries.iter().fold(None, |best, (k, v)| better(best, k.as_bytes(), v.as_bytes()));
        found.map(|(k, v)| (std::str::from_utf8(k).unwrap(), std::str::from_utf8(v).unwrap()))
    }

    #[test]
    fn an_s3_object_is_told_as_its_bucket() {
        assert_eq!(
            best(&[("aws:s3:arn", "arn:aws:s3:::lake/raw/1.parquet")]),
            Some(("aws:s3:arn", "arn:aws:s3:::lake"))
        );
        assert_eq!(best(&[("aws:s3:arn", "arn:aws:s3:::lake")]), Some(("aws:s3:arn", "arn:aws:s3:::lake")));
    }

    #[test]
    fn the_most_specific_entry_wins_whatever_the_order() {
        let (repository, layer) = (
            ("aws:ecr:arn", "arn:aws:ecr:eu-west-1:1:repository/app"),
            ("aws:s3:arn", "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/x"),
        );
        assert_eq!(best(&[repository, layer]), Some(repository));
        assert_eq!(best(&[layer, repository]), Some(repository));
        let (volume, database) = (("aws:ebs:id", "vol-1"), ("aws:rds:db-id", "db-A"));
        assert_eq!(best(&[volume, database]), Some(database));
    }

    #[test]
    fn an_unknown_key_counts_if_its_value_is_an_arn() {
        assert_eq!(best(&[("Project", "Alpha")]), None);
        assert_eq!(
            best(&[("Project", "Alpha"), ("job", "arn:aws:glue:eu-west-1:1:job/j")]),
            Some(("job", "arn:aws:glue:eu-west-1:1:job/j"))
        );
    }

    #[test]
    fn names_are_shown_with_their_kind_and_bounded() {
        assert_eq!(resource("aws:ebs:id", "vol-1"), "ebs:vol-1");
        assert_eq!(resource("SecretARN", "arn:aws:secretsmanager:a:1:secret:s"), "arn:aws:secretsmanager:a:1:secret:s");
        assert_eq!(resource("x", &"é".repeat(400)).len(), 512);
    }
}
