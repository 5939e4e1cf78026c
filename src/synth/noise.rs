//! What else is in a trail: management events of other services, and KMS requests that use no key material.

use std::borrow::Cow;

use super::caller::{Callers, Principal};
use super::flow::{Context, Flow, Listed, Named, Rates};
use super::population::Population;
use super::random::Chance;
use super::record::tls;
use super::template::{
    CREDENTIAL_KEY, EVENT_ID, HOST_ID, REQUEST_ID, S3_REQUEST_ID, SESSION, SESSION_TOKEN, TIME, TOKEN, Template,
};

/// An event of another service. `ACCOUNT`, `REGION`, `SESSION` and `TOKEN` in its texts are replaced.
struct Kind {
    share: f64,
    service: &'static str,
    event: &'static str,
    request: Cow<'static, str>,
    response: Cow<'static, str>,
    resources: Cow<'static, str>,
    read_only: bool,
}

const fn read(share: f64, service: &'static str, event: &'static str, request: &'static str) -> Kind {
    let (request, response, resources) = (Cow::Borrowed(request), Cow::Borrowed("null"), Cow::Borrowed(""));
    Kind { share, service, event, request, response, resources, read_only: true }
}

/// A question about a bucket, whose record lists the bucket.
fn read_bucket(share: f64, event: &'static str, bucket: &str, subject: &str) -> Kind {
    let host = format!("{bucket}.s3.REGION.amazonaws.com");
    let request = format!("{{\"bucketName\":\"{bucket}\",\"{subject}\":\"\",\"Host\":\"{host}\"}}");
    let resources = format!(
        ",\"resources\":[{{\"accountId\":\"ACCOUNT\",\"type\":\"AWS::S3::Bucket\",\"ARN\":\"arn:aws:s3:::{bucket}\"}}]"
    );
    Kind { request: request.into(), resources: resources.into(), ..read(share, "s3", event, "") }
}

/// A role's new credentials. CloudTrail writes the session token whole: 560 characters that don't compress, the bulk of
/// a packed record.
fn assume_role(share: f64) -> Kind {
    Kind {
        response: format!(
            "{{\"credentials\":{{\"accessKeyId\":\"ASIA{CREDENTIAL_KEY}\",\
             \"sessionToken\":\"IQoJb3JpZ2luX2Vj{SESSION_TOKEN}\",\"expiration\":\"Jan 5, 2026, 11:00:00 AM\"}},\
             \"assumedRoleUser\":{{\"assumedRoleId\":\"AROAEXAMPLEEXAMPLE000:ci-SESSION\",\
             \"arn\":\"arn:aws:sts::ACCOUNT:assumed-role/deploy/ci-SESSION\"}}}}"
        )
        .into(),
        resources: ",\"resources\":[{\"accountId\":\"ACCOUNT\",\"type\":\"AWS::IAM::Role\",\
             \"ARN\":\"arn:aws:iam::ACCOUNT:role/deploy\"}]"
            .into(),
        ..read(
            share,
            "sts",
            "AssumeRole",
            "{\"roleArn\":\"arn:aws:iam::ACCOUNT:role/deploy\",\"roleSessionName\":\"ci-SESSION\",\
             \"durationSeconds\":3600}",
        )
    }
}

fn kinds() -> Vec<Kind> {
    vec![
        read(20.0, "ec2", "DescribeInstances", "{\"maxResults\":1000,\"instancesSet\":{},\"filterSet\":{}}"),
        read(
            8.0,
            "ec2",
            "DescribeNetworkInterfaces",
            "{\"networkInterfaceIdSet\":{},\"filterSet\":{\"items\":[{\"name\":\"vpc-id\",\
                 \"valueSet\":{\"items\":[{\"value\":\"vpc-07b33857c7ad1c027\"}]}}]}}",
        ),
        read(5.0, "ec2", "DescribeVolumes", "{\"volumeSet\":{},\"filterSet\":{}}"),
        read_bucket(4.0, "GetBucketLocation", "app-assets-ACCOUNT", "location"),
        read_bucket(5.0, "GetBucketAcl", "app-logs-ACCOUNT", "acl"),
        read(7.0, "sts", "GetCallerIdentity", "null"),
        assume_role(14.0),
        read(6.0, "lambda", "GetFunction20150331v2", "{\"functionName\":\"order-handler\"}"),
        read(4.0, "lambda", "ListFunctions20150331", "null"),
        Kind {
            read_only: false,
            ..read(
                8.0,
                "logs",
                "CreateLogStream",
                "{\"logGroupName\":\"/aws/lambda/order-handler\",\"logStreamName\":\"2026/01/05/[$LATEST]TOKEN\"}",
            )
        },
        read(5.0, "logs", "DescribeLogGroups", "{\"limit\":50,\"logGroupNamePrefix\":\"/aws/eks\"}"),
        read(6.0, "dynamodb", "DescribeTable", "{\"tableName\":\"orders\"}"),
        read(4.0, "iam", "GetRole", "{\"roleName\":\"deploy\"}"),
        read(3.0, "monitoring", "DescribeAlarms", "{\"alarmNamePrefix\":\"prod-\",\"maxRecords\":100}"),
        read(3.0, "ssm", "GetParameter", "{\"name\":\"/prod/feature-flags\",\"withDecryption\":false}"),
        read(2.0, "kms", "ListAliases", "{\"limit\":100}"),
        read(1.5, "kms", "DescribeKey", "{\"keyId\":\"alias/aws/s3\"}"),
        read(1.0, "secretsmanager", "GetSecretValue", "{\"secretId\":\"db/reporting\"}"),
    ]
}

/// The flows of an account and Region, each with its share: other services' events, or (`of_kms`) requests to KMS that
/// are no calls.
pub(super) fn flows(
    population: &Population,
    callers: &mut Callers,
    chance: &mut Chance,
    lane: usize,
    of_kms: bool,
) -> Vec<(f64, Flow)> {
    let account = lane / population.regions.len();
    let number = population.accounts[account].clone();
    let of = |name, kind, callers: &mut Callers, chance: &mut Chance| {
        callers.of_account((account, &number), kind, name, "", chance)
    };
    let people = [
        of("deploy", Principal::Role, callers, chance),
        of("cluster-autoscaler", Principal::Role, callers, chance),
        of("terraform", Principal::User, callers, chance),
    ];
    let kinds = kinds().into_iter().filter(|kind| (kind.service == "kms") == of_kms).enumerate();
    kinds.map(|(at, kind)| (kind.share, flow(&kind, population, callers, people[at % 3], lane))).collect()
}

fn flow(kind: &Kind, population: &Population, callers: &Callers, caller: usize, lane: usize) -> Flow {
    let (account, region) = population.of_lane(lane);
    let Kind { service, event, request, response, resources, read_only, .. } = kind;
    let who = callers.get(caller);
    let (additional, request_id) = if *service == "s3" {
        (
            format!(
                "\"additionalEventData\":{{\"SignatureVersion\":\"SigV4\",\
                 \"CipherSuite\":\"TLS_AES_128_GCM_SHA256\",\"bytesTransferredIn\":0,\
                 \"AuthenticationMethod\":\"AuthHeader\",\"x-amz-id-2\":\"{HOST_ID}\",\"bytesTransferredOut\":552}},"
            ),
            S3_REQUEST_ID,
        )
    } else {
        (String::new(), REQUEST_ID)
    };
    let text = format!(
        ",\"eventTime\":\"{TIME}\",\"eventSource\":\"{service}.amazonaws.com\",\"eventName\":\"{event}\",\
         \"awsRegion\":\"REGION\",\"sourceIPAddress\":\"{}\",\"userAgent\":\"{}\",\"requestParameters\":{request},\
         \"responseElements\":{response},{additional}\"requestID\":\"{request_id}\",\"eventID\":\"{EVENT_ID}\",\
         \"readOnly\":{read_only}{resources},\"eventType\":\"AwsApiCall\",\"managementEvent\":true,\
         \"recipientAccountId\":\"ACCOUNT\",\"eventCategory\":\"Management\"{}}}",
        who.address,
        who.agent,
        tls(&format!("{service}.REGION.amazonaws.com")),
    );
    let text = text.replace("ACCOUNT", account).replace("REGION", region);
    let text = text.replace("SESSION", SESSION).replace("TOKEN", &format!("{TOKEN}{TOKEN}"));
    Flow {
        operation: None,
        source: None,
        destination: None,
        caller,
        context: Context::default(),
        named: Named::Absent,
        source_named: Named::Absent,
        listed: Listed::Absent,
        lanes: vec![lane],
        shared: false,
        rates: Rates::default(),
        version: "1.11",
        wanted: "",
        pool: if *service == "kms" { (*event).to_owned() } else { String::new() },
        bodies: vec![Template::new(&text)],
    }
}
