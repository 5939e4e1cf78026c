//! What else is in a trail: management events of other services, and KMS requests that use no key material.

use super::caller::{Callers, Principal};
use super::flow::{Context, Flow, Listed, Named, Rates};
use super::population::Population;
use super::random::Chance;
use super::record::tls;
use super::template::{EVENT_ID, REQUEST_ID, SESSION, TIME, TOKEN, Template};

/// An event of another service. `ACCOUNT` and `REGION` in its texts are replaced.
struct Kind {
    share: f64,
    service: &'static str,
    event: &'static str,
    request: &'static str,
    response: &'static str,
    resources: &'static str,
    read_only: bool,
}

const fn read(share: f64, service: &'static str, event: &'static str, request: &'static str) -> Kind {
    Kind { share, service, event, request, response: "null", resources: "", read_only: true }
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
        read(
            4.0,
            "s3",
            "GetBucketLocation",
            "{\"bucketName\":\"app-assets-ACCOUNT\",\"location\":\"\",\
                 \"Host\":\"app-assets-ACCOUNT.s3.REGION.amazonaws.com\"}",
        ),
        read(
            5.0,
            "s3",
            "GetBucketAcl",
            "{\"bucketName\":\"app-logs-ACCOUNT\",\"acl\":\"\",\"Host\":\"app-logs-ACCOUNT.s3.REGION.amazonaws.com\"}",
        ),
        read(7.0, "sts", "GetCallerIdentity", "null"),
        Kind {
            share: 14.0,
            service: "sts",
            event: "AssumeRole",
            request: "{\"roleArn\":\"arn:aws:iam::ACCOUNT:role/deploy\",\"roleSessionName\":\"ci-SESSION\",\
                 \"durationSeconds\":3600}",
            response: "{\"credentials\":{\"accessKeyId\":\"ASIAIOSFODNN7EXAMPLE\",\"sessionToken\":\"MASKED\",\
                 \"expiration\":\"Jan 5, 2026, 11:00:00 AM\"},\
                 \"assumedRoleUser\":{\"assumedRoleId\":\"AROAEXAMPLEEXAMPLE000:ci-SESSION\",\
                 \"arn\":\"arn:aws:sts::ACCOUNT:assumed-role/deploy/ci-SESSION\"}}",
            resources: ",\"resources\":[{\"accountId\":\"ACCOUNT\",\"type\":\"AWS::IAM::Role\",\
                 \"ARN\":\"arn:aws:iam::ACCOUNT:role/deploy\"}]",
            read_only: true,
        },
        read(6.0, "lambda", "GetFunction20150331v2", "{\"functionName\":\"order-handler\"}"),
        read(4.0, "lambda", "ListFunctions20150331", "null"),
        Kind {
            share: 8.0,
            service: "logs",
            event: "CreateLogStream",
            request: "{\"logGroupName\":\"/aws/lambda/order-handler\",\"logStreamName\":\"2026/01/05/[$LATEST]TOKEN\"}",
            response: "null",
            resources: "",
            read_only: false,
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
    let text = format!(
        ",\"eventTime\":\"{TIME}\",\"eventSource\":\"{service}.amazonaws.com\",\"eventName\":\"{event}\",\
         \"awsRegion\":\"REGION\",\"sourceIPAddress\":\"{}\",\"userAgent\":\"{}\",\"requestParameters\":{request},\
         \"responseElements\":{response},\"requestID\":\"{REQUEST_ID}\",\"eventID\":\"{EVENT_ID}\",\
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
