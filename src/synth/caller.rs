//! Who calls: principals as `userIdentity` tells them, directly or through a service.

use std::collections::HashMap;

use super::random::{Chance, mix};
use super::template::{ACCESS_KEY, ADDRESS, SESSION, SESSION_START, Template, base32, hex};

/// What kind of principal calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Principal {
    /// An assumed role; its sessions are named after instances or jobs.
    Role,
    /// An IAM user.
    User,
    /// EC2's own role, which decrypts volumes as they are attached.
    Infrastructure,
    /// An AWS service with its own authority.
    Service,
}

/// A principal, with the service that forwards its calls.
pub(super) struct Caller {
    /// The account, as an index; a service has none.
    pub account: Option<usize>,
    /// The ARN of the role or user, sessions dropped; empty for a service.
    pub principal: String,
    /// The service that forwards its calls, as `invokedBy` names it; empty if none does.
    pub invoked_by: &'static str,
    /// `userIdentity` in the caller's trail.
    pub identity: Template,
    /// `userIdentity` in the trail of a key's owner.
    pub reduced_identity: Template,
    /// The ARN that error messages name, with slots.
    pub session_arn: String,
    /// `sourceIPAddress`, with slots.
    pub address: String,
    /// `userAgent`.
    pub agent: &'static str,
    /// The VPC endpoint of direct calls.
    pub endpoint: Option<String>,
    salt: u64,
    sessions: u64,
}

impl Caller {
    /// The session of a call, and when it began. Sessions last an hour; there are a few at a time.
    pub(super) fn session(&self, second: u32, draw: u64) -> (u64, u32) {
        let offset = (self.salt % 3600) as u32;
        let hour = (second + offset) / 3600;
        let slot = (draw >> 48) % self.sessions;
        let start = (hour * 3600).saturating_sub(offset);
        (mix(self.salt ^ (u64::from(hour) << 12) ^ slot), start)
    }

    /// Whether the caller speaks to KMS itself.
    pub(super) fn direct(&self) -> bool {
        self.invoked_by.is_empty() && self.account.is_some() && !self.address.starts_with("AWS")
    }
}

/// All callers, each once.
pub(super) struct Callers {
    list: Vec<Caller>,
    known: HashMap<(Option<usize>, Principal, String, &'static str), usize>,
}

const AGENTS: &[&str] = &[
    "aws-sdk-java/2.31.9 os/Linux#6.1 lang/java#21.0.4 md/OpenJDK cfg/retry-mode#standard",
    "aws-sdk-rust/1.3.9 ua/2.1 os/linux lang/rust/1.89.0 m/E,b",
    "Boto3/1.40.21 md/Botocore#1.40.21 ua/2.1 os/linux#6.1.141 lang/python#3.12.11",
    "aws-sdk-go-v2/1.38.3 ua/2.1 os/linux lang/go#1.24.6 md/GOARCH#arm64",
];

impl Callers {
    /// No callers yet.
    pub(super) fn new() -> Self {
        Self { list: Vec::new(), known: HashMap::new() }
    }

    /// The caller of that number.
    pub(super) fn get(&self, at: usize) -> &Caller {
        &self.list[at]
    }

    /// A principal of an account (index and number), through a service or (empty `invoked_by`) directly.
    pub(super) fn of_account(
        &mut self,
        (account, number): (usize, &str),
        kind: Principal,
        name: &str,
        invoked_by: &'static str,
        chance: &mut Chance,
    ) -> usize {
        let known = (Some(account), kind, name.to_owned(), invoked_by);
        if let Some(&at) = self.known.get(&known) {
            return at;
        }
        // The unique id belongs to the principal, whatever forwards its calls.
        let seed = name.bytes().fold(account as u64 + 1, |seed, byte| mix(seed ^ u64::from(byte)));
        let mut caller = match kind {
            Principal::User => user(number, name, invoked_by, seed),
            Principal::Infrastructure => infrastructure(number, seed),
            Principal::Role | Principal::Service => role(number, name, invoked_by, seed),
        };
        caller.account = Some(account);
        caller.salt = seed;
        if caller.direct() {
            caller.agent = AGENTS[chance.index(AGENTS.len())];
            if kind == Principal::Role && chance.happens(0.4) {
                caller.endpoint = Some(format!("vpce-0{}", hex(seed ^ 5, 16)));
            }
        }
        self.add(known, caller)
    }

    /// A service with its own authority.
    pub(super) fn service(&mut self, name: &'static str) -> usize {
        let known = (None, Principal::Service, String::new(), name);
        if let Some(&at) = self.known.get(&known) {
            return at;
        }
        let identity = format!("{{\"type\":\"AWSService\",\"invokedBy\":\"{name}\"}}");
        let caller = caller(String::new(), name, &identity, &identity, String::new());
        self.add(known, caller)
    }

    fn add(&mut self, known: (Option<usize>, Principal, String, &'static str), caller: Caller) -> usize {
        self.list.push(caller);
        self.known.insert(known, self.list.len() - 1);
        self.list.len() - 1
    }
}

fn caller(principal: String, invoked_by: &'static str, identity: &str, reduced: &str, session_arn: String) -> Caller {
    Caller {
        account: None,
        principal,
        invoked_by,
        identity: Template::new(identity),
        reduced_identity: Template::new(reduced),
        session_arn,
        address: if invoked_by.is_empty() { format!("10.{ADDRESS}") } else { invoked_by.to_owned() },
        agent: invoked_by,
        endpoint: None,
        salt: 0,
        sessions: 3,
    }
}

fn forwarded(invoked_by: &str) -> String {
    if invoked_by.is_empty() { String::new() } else { format!(",\"invokedBy\":\"{invoked_by}\"") }
}

fn role(account: &str, name: &str, invoked_by: &'static str, seed: u64) -> Caller {
    let id = format!("AROA{}", base32(seed));
    let session = if seed.is_multiple_of(3) { format!("job-{SESSION}") } else { format!("i-0{SESSION}") };
    let session_arn = format!("arn:aws:sts::{account}:assumed-role/{name}/{session}");
    let principal = format!("arn:aws:iam::{account}:role/{name}");
    let identity = format!(
        "{{\"type\":\"AssumedRole\",\"principalId\":\"{id}:{session}\",\"arn\":\"{session_arn}\",\
         \"accountId\":\"{account}\",\"accessKeyId\":\"ASIA{ACCESS_KEY}\",\"sessionContext\":{{\"sessionIssuer\":\
         {{\"type\":\"Role\",\"principalId\":\"{id}\",\"arn\":\"{principal}\",\"accountId\":\"{account}\",\
         \"userName\":\"{name}\"}},\"attributes\":{{\"creationDate\":\"{SESSION_START}\",\
         \"mfaAuthenticated\":\"false\"}}}}{}}}",
        forwarded(invoked_by)
    );
    let reduced = format!("{{\"type\":\"AWSAccount\",\"principalId\":\"{id}:{session}\",\"accountId\":\"{account}\"}}");
    caller(principal, invoked_by, &identity, &reduced, session_arn)
}

fn user(account: &str, name: &str, invoked_by: &'static str, seed: u64) -> Caller {
    let (id, key) = (format!("AIDA{}", base32(seed)), base32(seed ^ 1));
    let arn = format!("arn:aws:iam::{account}:user/{name}");
    let head = format!("{{\"type\":\"IAMUser\",\"principalId\":\"{id}\",\"arn\":\"{arn}\",\"accountId\":\"{account}\"");
    let identity = if invoked_by.is_empty() {
        format!("{head},\"accessKeyId\":\"AKIA{key}\",\"userName\":\"{name}\"}}")
    } else {
        format!(
            "{head},\"accessKeyId\":\"ASIA{ACCESS_KEY}\",\"userName\":\"{name}\",\"sessionContext\":{{\
             \"sessionIssuer\":{{}},\"webIdFederationData\":{{}},\"attributes\":{{\
             \"creationDate\":\"{SESSION_START}\",\"mfaAuthenticated\":\"false\"}}}}{}}}",
            forwarded(invoked_by)
        )
    };
    let reduced = format!("{{\"type\":\"AWSAccount\",\"principalId\":\"{id}\",\"accountId\":\"{account}\"}}");
    caller(arn.clone(), invoked_by, &identity, &reduced, arn)
}

fn infrastructure(account: &str, seed: u64) -> Caller {
    let name = "aws:ec2-infrastructure";
    let (id, session) = (format!("{account}:{name}"), format!("i-0{SESSION}"));
    let session_arn = format!("arn:aws:sts::{account}:assumed-role/{name}/{session}");
    let principal = format!("arn:aws:iam::{account}:role/{name}");
    let identity = format!(
        "{{\"type\":\"AssumedRole\",\"principalId\":\"{id}:{session}\",\"arn\":\"{session_arn}\",\
         \"accountId\":\"{account}\",\"accessKeyId\":\"\",\"sessionContext\":{{\"sessionIssuer\":{{\
         \"type\":\"Role\",\"principalId\":\"{id}\",\"arn\":\"{principal}\",\"accountId\":\"{account}\",\
         \"userName\":\"{name}\"}},\"attributes\":{{\"creationDate\":\"{SESSION_START}\",\
         \"mfaAuthenticated\":\"false\"}},\"ec2RoleDelivery\":\"2.0\"}}}}"
    );
    let reduced = format!("{{\"type\":\"AWSAccount\",\"principalId\":\"{id}:{session}\",\"accountId\":\"{account}\"}}");
    let mut caller = caller(principal, "", &identity, &reduced, session_arn);
    caller.address = "AWS Internal".to_owned();
    caller.agent = "AWS Internal";
    caller.salt = seed;
    caller
}
