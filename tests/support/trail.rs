//! Small random trails, with everything in them by which a call could be counted twice or not at all.

use std::path::{Path, PathBuf};

use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::files;
use super::record::{GUEST, GUEST_KEY, KEY, KEY_2, OWNER, Record};

/// What a trail is made of.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Everything follows from it.
    pub seed: u64,
    /// Requests, copies left out.
    pub requests: usize,
    /// Log files.
    pub objects: usize,
    /// The first second since 2026-01-05T00:00:00Z, and how many there are.
    pub seconds: (u32, u32),
    /// Whether copies of a request may be of other seconds, in the next hour even.
    pub straddling: bool,
}

/// Two and a half hours around midnight.
pub const AROUND_MIDNIGHT: (u32, u32) = (22 * 3600 + 50 * 60, 9000);
/// Ten minutes around an hour.
pub const AROUND_AN_HOUR: (u32, u32) = (10 * 3600 - 300, 600);

/// A trail: the records of each log file.
pub struct Trail {
    pub objects: Vec<Vec<Value>>,
}

impl Trail {
    /// Makes a trail.
    pub fn of(plan: Plan) -> Self {
        let mut maker = Maker { rng: ChaCha8Rng::seed_from_u64(plan.seed), plan, ids: 0, objects: Vec::new() };
        maker.objects.resize_with(plan.objects, Vec::new);
        for _ in 0..plan.requests {
            maker.request();
        }
        Self { objects: maker.objects }
    }

    /// All its records.
    pub fn records(&self) -> impl Iterator<Item = &Value> {
        self.objects.iter().flatten()
    }

    /// Writes its files, every other one as gzip and every third as lines; their paths.
    pub fn write(&self, folder: &Path) -> Vec<PathBuf> {
        let each = self.objects.iter().enumerate().map(|(number, records)| {
            let (extension, content) = match number % 3 {
                0 => ("ndjson", records.iter().map(|record| format!("{record}\n")).collect::<String>().into_bytes()),
                _ => ("json", files::log_file(records)),
            };
            match number % 2 {
                0 => files::write(folder, &format!("{number:04}.{extension}"), &content),
                _ => files::write(folder, &format!("{number:04}.{extension}.gz"), &files::gzip(&content)),
            }
        });
        each.collect()
    }
}

struct Maker {
    rng: ChaCha8Rng,
    plan: Plan,
    ids: u64,
    objects: Vec<Vec<Value>>,
}

impl Maker {
    fn id(&mut self) -> String {
        self.ids += 1;
        format!("{:08x}-0000-4000-8000-{:012x}", self.plan.seed as u32, self.ids)
    }

    /// Puts a record into a file, or into several.
    fn put(&mut self, record: Record, repeats: bool) {
        let copies = if repeats && self.rng.random_bool(0.25) { self.rng.random_range(2..=3) } else { 1 };
        for _ in 0..copies {
            let object = self.rng.random_range(0..self.objects.len());
            self.objects[object].push(record.value());
        }
    }

    /// Puts a record's copies on both sides of an hour, so many seconds apart at most.
    fn put_astride(&mut self, one: Record, other: Record, seconds_max: u32) {
        let hour = (22 + self.rng.random_range(1..=2)) * 3600;
        let before = self.rng.random_range(1..=seconds_max);
        let after = self.rng.random_range(0..=seconds_max - before);
        let (earlier, later) = if self.rng.random_bool(0.5) { (one, other) } else { (other, one) };
        self.put(earlier.with("eventTime", time_text(hour - before)), true);
        self.put(later.with("eventTime", time_text(hour + after)), true);
    }

    /// Puts two copies of a request that other events name: in straddling trails minutes apart.
    fn put_both(&mut self, one: Record, other: Record) {
        if self.plan.straddling {
            return self.put_astride(one, other, 300);
        }
        self.put(one, true);
        self.put(other, true);
    }

    fn time(&mut self) -> String {
        let (first, count) = self.plan.seconds;
        time_text(first + self.rng.random_range(0..count))
    }

    fn call(&mut self, operation: &str) -> Record {
        let time = self.time();
        let call = Record::call(operation).with("eventTime", time);
        let roles = ["app", "etl", "ci"];
        let role = roles.choose(&mut self.rng).copied().unwrap_or("app");
        let identity = json!({
            "type": "AssumedRole", "accountId": OWNER,
            "arn": format!("arn:aws:sts::{OWNER}:assumed-role/{role}/session-{}", self.rng.random_range(0..1000)),
            "sessionContext": {"sessionIssuer": {"arn": format!("arn:aws:iam::{OWNER}:role/{role}")}}
        });
        let call = call.with("userIdentity", identity);
        match self.rng.random_range(0..10) {
            0 => call.error("AccessDenied"),
            1 => call.error("ThrottlingException"),
            2 => call.error("DryRunOperationException"),
            3 => call.error("InvalidCiphertextException"),
            _ => call,
        }
    }

    fn request(&mut self) {
        let operation = ["Decrypt", "Encrypt", "GenerateDataKey", "Sign"].choose(&mut self.rng).copied().unwrap();
        match self.rng.random_range(0..20) {
            0..8 => {
                let key = [KEY, KEY_2].choose(&mut self.rng).copied().unwrap();
                let record = self.call(operation).parameter("keyId", "alias/app").key(key).id(&self.id());
                // Some ways to get at records leave the resources out.
                let bare = self.rng.random_bool(0.2).then(|| record.clone().without("resources"));
                if self.plan.straddling && self.rng.random_bool(0.5) {
                    self.put_astride(record.clone(), bare.unwrap_or(record), 5);
                } else {
                    bare.into_iter().for_each(|bare| self.put(bare, true));
                    self.put(record, true);
                }
            }
            8..11 => self.across_accounts(operation),
            11..13 => self.re_encrypt(),
            // Without an id nothing is a repeat: each of these is written once.
            13 => {
                let record = self.call(operation).key(KEY);
                self.put(record, false);
            }
            14 => {
                let reference =
                    ["alias/app", "1234abcd-12ab-34cd-56ef-1234567890ab", ""].choose(&mut self.rng).unwrap();
                let record = self.call(operation).parameter("keyId", *reference).id(&self.id());
                self.put(record, true);
            }
            15 => {
                let (id, later) = (self.id(), self.id());
                let record = self.call(operation).key(KEY).id(&id);
                let addendum = json!({"reason": "UPDATED_DATA", "updatedFields": "userAgent", "originalEventID": id});
                let original =
                    if self.rng.random_bool(0.3) { record.clone().without("resources") } else { record.clone() };
                self.put_both(original, record.id(&later).with("addendum", addendum));
            }
            16 => {
                let record = self.call("CreateKey").with("eventCategory", "Management").key(KEY_2).id(&self.id());
                self.put(record, true);
            }
            17 => {
                let session = json!({"tags": [{"key": "team", "value": "data"}]});
                let record = self.call("AssumeRole").with("eventSource", "sts.amazonaws.com");
                let record = record.with("requestParameters", session).without("errorCode").id(&self.id());
                self.put(record, true);
            }
            _ => {
                let record = self.call("GetObject").with("eventSource", "s3.amazonaws.com").id(&self.id());
                self.put(record, true);
            }
        }
    }

    /// A call from one account with another's key: the caller's copy and the owner's.
    fn across_accounts(&mut self, operation: &str) {
        let (own, owners, shared) = (self.id(), self.id(), self.id());
        let call = self.call(operation).key(GUEST_KEY).id(&own).shared(&shared);
        // A service forwards some calls, and then the context names what for; the owner may not see that.
        let forwarded = self.rng.random_bool(0.5);
        let call = if forwarded {
            let context = json!({"aws:s3:arn": "arn:aws:s3:::lake/raw/1.parquet"});
            call.parameter("encryptionContext", context).identity("invokedBy", "AWS Internal")
        } else {
            call.with("vpcEndpointId", "vpce-1")
        };
        let mut copy = call.clone().seen_by_owner(GUEST, &owners);
        if forwarded {
            copy = copy.identity("invokedBy", "AWS Internal");
            if self.rng.random_bool(0.5) {
                copy = copy.with("requestParameters", json!({"encryptionAlgorithm": "SYMMETRIC_DEFAULT"}));
            }
        }
        match self.rng.random_range(0..6) {
            0 | 1 => self.put_both(call, copy.without("resources")),
            2 => self.put_both(call.without("resources"), copy),
            _ => self.put_both(call, copy),
        }
    }

    /// A ReEncrypt within an account, or from one account's key to another's, where each owner's copy may name its own
    /// key only, and the caller's copy may be missing.
    fn re_encrypt(&mut self) {
        let call = self.call("ReEncrypt").id(&self.id());
        if self.rng.random_bool(0.3) {
            let destination = [KEY, KEY_2].choose(&mut self.rng).copied().unwrap();
            return self.put(call.key(KEY).key(destination), true);
        }
        let call = call.shared(&self.id());
        let copy = call.clone().seen_by_owner(GUEST, &self.id());
        let partial = self.rng.random_bool(0.5);
        if self.rng.random_bool(0.3) {
            let alias = "arn:aws:kms:us-east-1:444455556666:alias/lake";
            let copy = copy.parameter("destinationKeyId", alias);
            let of_source = copy.clone().key(KEY).with("recipientAccountId", OWNER).id(&self.id());
            self.put(of_source, true);
            self.put(copy.key(GUEST_KEY), true);
            if self.rng.random_bool(0.5) {
                self.put(call.key(KEY).key(GUEST_KEY).parameter("destinationKeyId", alias), true);
            }
        } else if self.rng.random_bool(0.5) {
            let copy = if partial { copy } else { copy.key(KEY) };
            let copy = copy.key(GUEST_KEY).parameter("destinationKeyId", GUEST_KEY);
            self.put(copy, true);
            self.put(call.key(KEY).key(GUEST_KEY), true);
        } else {
            let copy = copy.key(GUEST_KEY);
            self.put(if partial { copy } else { copy.key(KEY) }, true);
            self.put(call.key(GUEST_KEY).key(KEY), true);
        }
    }
}

/// A second since 2026-01-05T00:00:00Z as text; the next day follows.
fn time_text(second: u32) -> String {
    let (day, second) = (5 + second / 86_400, second % 86_400);
    format!("2026-01-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}
