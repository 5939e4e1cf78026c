//! Callers, services and resources as people call them.

use super::notice::Contribution;
use crate::domain::Arn;

/// Who made calls: `role etl-nightly through S3, bucket data-lake-raw`.
pub fn who(part: &Contribution) -> String {
    let mut text = match (part.caller.as_str(), part.account.as_str()) {
        ("", "") => String::new(),
        ("", account) => format!("account {account}"),
        (caller, _) => principal(caller),
    };
    if !part.service.is_empty() {
        let service = service(&part.service);
        text = if text.is_empty() { service } else { format!("{text} through {service}") };
    }
    if !part.resource.is_empty() {
        let resource = resource(&part.resource);
        text = if text.is_empty() { resource } else { format!("{text}, {resource}") };
    }
    if text.is_empty() { "everyone else".to_owned() } else { text }
}

/// Something new: `role etl-nightly`, `account 444455556666`.
pub fn novelty(what: &str, name: &str) -> String {
    match what {
        "caller" => principal(name),
        "service" => service(name),
        "resource" => resource(name),
        what => format!("{what} {name}"),
    }
}

/// A role or user without what is the same for all: `role etl-nightly`.
fn principal(arn: &str) -> String {
    let Some(parts) = Arn::parse(arn) else { return arn.to_owned() };
    match parts.resource.split_once('/') {
        Some(("role", path)) => format!("role {}", path.rsplit('/').next().unwrap_or(path)),
        Some(("assumed-role", session)) => format!("role {}", session.split('/').next().unwrap_or(session)),
        Some(("user", path)) => format!("user {}", path.rsplit('/').next().unwrap_or(path)),
        _ if parts.resource == "root" => format!("root of {}", parts.account),
        _ => arn.to_owned(),
    }
}

/// A service by the name that people use.
fn service(host: &str) -> String {
    let name = host.strip_suffix(".amazonaws.com").unwrap_or(host);
    match name {
        "s3" => "S3",
        "s3express" => "S3 Express",
        "ec2" => "EC2",
        "lambda" => "Lambda",
        "secretsmanager" => "Secrets Manager",
        "ssm" => "Systems Manager",
        "dynamodb" => "DynamoDB",
        "rds" => "RDS",
        "redshift" => "Redshift",
        "sqs" => "SQS",
        "sns" => "SNS",
        "logs" => "CloudWatch Logs",
        "cloudtrail" => "CloudTrail",
        "elasticfilesystem" => "EFS",
        "kinesis" => "Kinesis",
        "ecr" => "ECR",
        "glue" => "Glue",
        "athena" => "Athena",
        "backup" => "AWS Backup",
        other => other,
    }
    .to_owned()
}

/// What an encryption context names: `bucket data-lake-raw`, `function resize`.
fn resource(name: &str) -> String {
    if let Some(arn) = Arn::parse(name) {
        let last = |text: &str| text.rsplit([':', '/']).next().unwrap_or(text).to_owned();
        return match (arn.service, arn.resource.split_once([':', '/'])) {
            ("s3" | "s3express", _) => format!("bucket {}", arn.resource.trim_end_matches("/*")),
            ("sqs", _) => format!("queue {}", arn.resource),
            ("sns", _) => format!("topic {}", arn.resource),
            ("secretsmanager", Some((kind, rest))) => format!("{kind} {rest}"),
            ("ssm", Some((kind, rest))) => format!("{kind} /{}", rest.trim_start_matches('/')),
            (_, Some((kind, rest))) => format!("{kind} {}", last(rest)),
            (service, None) => format!("{service} {}", arn.resource),
        };
    }
    match name.split_once(':') {
        Some(("dynamodb", table)) => format!("table {table}"),
        Some(("ebs", volume)) => format!("volume {volume}"),
        Some(("rds", database)) => format!("database {database}"),
        Some((kind, rest)) => format!("{} {rest}", kind.replace('-', " ")),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(caller: &str, account: &str, service: &str, resource: &str) -> Contribution {
        let own = |text: &str| text.to_owned();
        Contribution {
            caller: own(caller),
            account: own(account),
            service: own(service),
            resource: own(resource),
            excess: 0.0,
            share: 0.0,
        }
    }

    #[test]
    fn callers_read_as_one_would_say_them() {
        let role = "arn:aws:iam::111122223333:role/service-role/etl-nightly";
        for (part, expect) in [
            (
                part(role, "111122223333", "s3.amazonaws.com", "arn:aws:s3:::data-lake-raw"),
                "role etl-nightly through S3, bucket data-lake-raw",
            ),
            (part(role, "111122223333", "", ""), "role etl-nightly"),
            (part("", "444455556666", "", "arn:aws:s3:::data"), "account 444455556666, bucket data"),
            (part("", "", "", ""), "everyone else"),
            (part("", "", "ec2.amazonaws.com", "ebs:vol-1"), "EC2, volume vol-1"),
            (part("arn:aws:iam::111122223333:root", "111122223333", "", ""), "root of 111122223333"),
            (part("arn:aws:iam::111122223333:user/ann", "1", "lambda.amazonaws.com", ""), "user ann through Lambda"),
            (part("arn:aws:sts::1:assumed-role/etl/session", "1", "", "dynamodb:orders"), "role etl, table orders"),
            (part("", "", "new.amazonaws.com", ""), "new"),
        ] {
            assert_eq!(who(&part), expect);
        }
        assert_eq!(novelty("account", "444455556666"), "account 444455556666");
        assert_eq!(novelty("resource", "arn:aws:lambda:us-east-1:1:function:resize"), "function resize");
        assert_eq!(
            novelty("resource", "arn:aws:secretsmanager:us-east-1:1:secret:prod/db-Ab12"),
            "secret prod/db-Ab12"
        );
        assert_eq!(novelty("resource", "arn:aws:ssm:us-east-1:1:parameter/prod/db"), "parameter /prod/db");
    }
}
