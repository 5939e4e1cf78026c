//! The text of lifecycle records.

use super::population::{Key, Population};
use super::random::{mix, word};
use super::record::{alias_arn, tls};
use super::template::{EVENT_ID, Moment, REQUEST_ID, SESSION_TOKEN, TIME, Template, base32, hex, material_id};
use super::world::World;

/// A record in the making.
#[derive(Default)]
pub(super) struct Fact {
    pub service: &'static str,
    pub name: &'static str,
    pub request: String,
    pub response: String,
    /// `additionalEventData` or `serviceEventDetails`, with its comma.
    pub more: String,
    pub resources: String,
    pub read_only: bool,
    /// Whether the service did it by itself.
    pub service_event: bool,
    pub key: Option<usize>,
    pub account: usize,
    pub region: usize,
}

pub(super) fn record(world: &World, fact: &Fact, draw: u64, second: u32) -> String {
    let (account, region) = (&world.population.accounts[fact.account], world.population.regions[fact.region]);
    let admin = world.callers.get(world.admins[fact.account]);
    let mut text = b"{\"eventVersion\":\"1.11\",\"userIdentity\":".to_vec();
    let (session, session_start) = admin.session(second, draw);
    let moment = Moment { second, draw, session, session_start, ..Moment::default() };
    if fact.service_event {
        text.extend_from_slice(format!("{{\"accountId\":\"{account}\",\"invokedBy\":\"AWS Internal\"}}").as_bytes());
    } else {
        admin.identity.fill(&moment, &mut text);
    }
    let (address, agent) =
        if fact.service_event { ("AWS Internal", "AWS Internal") } else { (admin.address.as_str(), admin.agent) };
    let request_id = if fact.service_event { String::new() } else { format!(",\"requestID\":\"{REQUEST_ID}\"") };
    let kind = if fact.service_event { "AwsServiceEvent" } else { "AwsApiCall" };
    let tail =
        if fact.service_event { String::new() } else { tls(&format!("{}.{region}.amazonaws.com", fact.service)) };
    let (before, after) = if fact.service_event { ("", fact.more.as_str()) } else { (fact.more.as_str(), "") };
    let Fact { service, name, request, response, resources, read_only, .. } = fact;
    Template::new(&format!(
        ",\"eventTime\":\"{TIME}\",\"eventSource\":\"{service}.amazonaws.com\",\"eventName\":\"{name}\",\
         \"awsRegion\":\"{region}\",\"sourceIPAddress\":\"{address}\",\"userAgent\":\"{agent}\",\
         \"requestParameters\":{request},\"responseElements\":{response}{before}{request_id},\
         \"eventID\":\"{EVENT_ID}\",\"readOnly\":{read_only}{resources},\"eventType\":\"{kind}\",\
         \"managementEvent\":true,\"recipientAccountId\":\"{account}\"{after},\"eventCategory\":\"Management\"{tail}}}",
    ))
    .fill(&moment, &mut text);
    String::from_utf8(text).expect("templates are filled with text")
}

pub(super) fn resources(key: &Key, world: &World, alias: Option<&str>) -> String {
    let account = &world.population.accounts[key.account];
    let entry = |arn: &str| format!("{{\"accountId\":\"{account}\",\"type\":\"AWS::KMS::Key\",\"ARN\":\"{arn}\"}}");
    let alias = alias.map_or_else(String::new, |arn| format!(",{}", entry(arn)));
    format!(",\"resources\":[{}{alias}]", entry(&key.arn))
}

pub(super) fn creation(key: &Key, world: &World, at: u32) -> (String, String) {
    let account = &world.population.accounts[key.account];
    let (spec, usage, multi_region) = (key.spec.name(), key.spec.usage(), key.multi_region());
    let (origin, state) = if key.imported { ("EXTERNAL", "PendingImport") } else { ("AWS_KMS", "Enabled") };
    let description = alias_arn(key, &world.population);
    let request = format!(
        "\"policy\":\"{}\",\"description\":\"for {description}\",\"keyUsage\":\"{usage}\",\
         \"customerMasterKeySpec\":\"{spec}\",\"keySpec\":\"{spec}\",\"origin\":\"{origin}\",\
         \"multiRegion\":{multi_region},\"tags\":[{{\"tagKey\":\"Project\",\"tagValue\":\"atlas\"}}],\
         \"bypassPolicyLockoutSafetyCheck\":false",
        policy(account)
    );
    let response = format!(
        "{{\"keyMetadata\":{{\"aWSAccountId\":\"{account}\",\"keyId\":\"{}\",\"arn\":\"{}\",\"creationDate\":\"{}\",\
         \"enabled\":{},\"description\":\"for {description}\",\"keyUsage\":\"{usage}\",\"keyState\":\"{state}\",\
         \"origin\":\"{origin}\",\"keyManager\":\"CUSTOMER\",\"customerMasterKeySpec\":\"{spec}\",\
         \"keySpec\":\"{spec}\",\"multiRegion\":{multi_region}}}}}",
        key.id,
        key.arn,
        locale_date(at),
        !key.imported
    );
    (request, response)
}

pub(super) fn material_answer(key: &Key) -> String {
    format!("{{\"keyId\":\"{}\",\"keyMaterialId\":\"{}\"}}", key.arn, material_id(key.material_seed(0)))
}

/// A key policy as text inside JSON.
pub(super) fn policy(account: &str) -> String {
    format!(
        "{{\\n  \\\"Version\\\" : \\\"2012-10-17\\\",\\n  \\\"Id\\\" : \\\"key-default-1\\\",\\n  \\\"Statement\\\" : \
         [ {{\\n    \\\"Sid\\\" : \\\"Enable IAM User Permissions\\\",\\n    \\\"Effect\\\" : \\\"Allow\\\",\\n    \
         \\\"Principal\\\" : {{\\n      \\\"AWS\\\" : \\\"arn:aws:iam::{account}:root\\\"\\n    }},\\n    \
         \\\"Action\\\" : \\\"kms:*\\\",\\n    \\\"Resource\\\" : \\\"*\\\"\\n  }} ]\\n}}"
    )
}

pub(super) fn grant_id(seed: u64) -> String {
    material_id(mix(seed ^ 0xAC7))
}

pub(super) fn assumed_session(number: &str, account: usize, at: u32) -> Fact {
    let project = ["atlas", "beacon", "comet"][at as usize % 3];
    let name = format!("etl-{}", hex(word(u64::from(at), 3), 8));
    let arn = format!("arn:aws:sts::{number}:assumed-role/lake-access/{name}");
    Fact {
        service: "sts",
        name: "AssumeRole",
        request: format!(
            "{{\"roleArn\":\"arn:aws:iam::{number}:role/lake-access\",\"roleSessionName\":\"{name}\",\
             \"durationSeconds\":3600,\"sourceIdentity\":\"alice\",\"tags\":[{{\"key\":\"Project\",\
             \"value\":\"{project}\"}},{{\"key\":\"Department\",\"value\":\"analytics\"}}],\
             \"transitiveTagKeys\":[\"Project\"]}}"
        ),
        response: format!(
            "{{\"credentials\":{{\"accessKeyId\":\"ASIA{}\",\"sessionToken\":\"IQoJb3JpZ2luX2Vj{SESSION_TOKEN}\",\
             \"expiration\":\"{}\"}},\"assumedRoleUser\":{{\"assumedRoleId\":\"AROA{}:{name}\",\"arn\":\"{arn}\"}},\
             \"packedPolicySize\":12,\"sourceIdentity\":\"alice\"}}",
            base32(u64::from(at)),
            locale_date(at + 3600),
            base32(account as u64)
        ),
        resources: format!(
            ",\"resources\":[{{\"accountId\":\"{number}\",\"type\":\"AWS::IAM::Role\",\
             \"ARN\":\"arn:aws:iam::{number}:role/lake-access\"}}]"
        ),
        read_only: true,
        account,
        ..Fact::default()
    }
}

pub(super) fn trail_change(name: &'static str, population: &Population, account: usize) -> Fact {
    let (number, region) = (&population.accounts[account], population.regions[0]);
    let arn = format!("arn:aws:cloudtrail:{region}:{number}:trail/audit-copy");
    let selectors = "\"eventSelectors\":[{\"readWriteType\":\"All\",\"includeManagementEvents\":true,\
                     \"dataResources\":[],\"excludeManagementEventSources\":[]}]";
    let (request, response) = match name {
        "PutEventSelectors" => {
            (format!("{{\"trailName\":\"{arn}\",{selectors}}}"), format!("{{\"trailARN\":\"{arn}\",{selectors}}}"))
        }
        _ => (format!("{{\"name\":\"{arn}\"}}"), "null".to_owned()),
    };
    Fact { service: "cloudtrail", name, request, response, account, ..Fact::default() }
}

/// A date as KMS's responses have it: `Jan 5, 2026, 10:38:27 PM`.
pub(super) fn locale_date(second: u32) -> String {
    let time = chrono::DateTime::from_timestamp(i64::from(second), 0).expect("32 bits of seconds are before 2107");
    time.format("%b %-d, %Y, %-I:%M:%S %p").to_string()
}
