//! Which flows a key has: its purpose decides who calls it, through what, and how the key is named.

use crate::domain::Operation;

use super::caller::{Callers, Principal};
use super::flow::Ending;
use super::flow::{Context, Flow, Listed, Named, Rates};
use super::population::Population;
use super::random::Chance;
use super::record::body;
use super::spec::{Purpose, Spec};
use super::template::{DAY, TOKEN, hex};

/// How S3 names itself when it forwards a call.
pub(super) const FAS_S3: &str = "fas.s3.amazonaws.com";

/// Makes flows.
pub(super) struct Flows<'a> {
    /// Who there is.
    pub population: &'a Population,
    /// Who calls.
    pub callers: &'a mut Callers,
    /// What is drawn.
    pub chance: &'a mut Chance,
    /// The share of keys' use that comes from other accounts.
    pub cross_account_share: f64,
}

/// A flow in the making: what its purpose decides.
pub(super) struct Draft {
    pub share: f64,
    pub operation: Operation,
    pub caller: usize,
    pub context: Context,
    pub named: Named,
}

impl Flows<'_> {
    /// The flows of a key, each with its share of the key's calls.
    pub(super) fn of_key(&mut self, key: usize) -> Vec<(f64, Flow)> {
        let (account, spec) = (self.population.keys[key].account, self.population.keys[key].spec);
        let drafts = match self.population.keys[key].purpose {
            Purpose::Asymmetric => self.asymmetric(key),
            Purpose::App => self.application(key),
            Purpose::Lake | Purpose::BucketKey => self.storage(key),
            Purpose::Secrets | Purpose::Parameters => self.configuration(key),
            Purpose::Functions | Purpose::Volumes => self.compute(key),
            Purpose::Tables | Purpose::Logs => self.services(key),
        };
        let application = self.population.keys[key].purpose == Purpose::App;
        let mut flows: Vec<(f64, Flow)> = Vec::with_capacity(drafts.len() + 6);
        for draft in drafts {
            let share = draft.share;
            flows.push((share, self.flow(key, None, draft)));
        }
        if application {
            self.re_encrypt(key, &mut flows);
            self.poorly_named(key, &mut flows);
        }
        let foreign = self.cross_account_share > 0.0 && self.population.accounts.len() > 1;
        if foreign && matches!(self.population.keys[key].purpose, Purpose::App | Purpose::Lake | Purpose::Asymmetric) {
            let total: f64 = flows.iter().map(|(share, _)| share).sum();
            let other =
                (account + 1 + self.chance.index(self.population.accounts.len() - 1)) % self.population.accounts.len();
            let operation = match spec {
                Spec::Symmetric => Operation::Decrypt,
                _ => spec.operations()[0].0,
            };
            let caller = self.principal(other, Principal::Role, "partner-reader", "");
            // Only some purposes have foreign callers: those have twice the share.
            let share = 2.0 * self.cross_account_share * total;
            let named = Named::Arn;
            let draft = Draft { share, operation, caller, context: Context::default(), named };
            flows.push((share, self.flow(key, None, draft)));
        }
        flows
    }

    /// A principal of an account.
    pub(super) fn principal(&mut self, account: usize, kind: Principal, name: &str, invoked_by: &'static str) -> usize {
        let number = &self.population.accounts[account];
        self.callers.of_account((account, number), kind, name, invoked_by, self.chance)
    }

    /// ReEncrypt to another application's key of the Region, and to the same key.
    fn re_encrypt(&mut self, key: usize, flows: &mut Vec<(f64, Flow)>) {
        let keys = &self.population.keys[..self.population.used];
        let (account, region) = (keys[key].account, keys[key].region);
        let fitting = |other: usize| keys[other].spec == Spec::Symmetric && keys[other].region == region;
        let other = (1..keys.len()).map(|step| (key + step) % keys.len()).find(|&other| fitting(other));
        let caller = self.principal(account, Principal::Role, "key-migrator", "");
        for (share, destination, source_named, named) in [
            (0.03, other.unwrap_or(key), Named::Absent, Named::Arn),
            (0.01, key, Named::Arn, Named::Arn),
            (0.01, other.unwrap_or(key), Named::Id, Named::AliasArn),
        ] {
            let context = Context::default();
            let draft = Draft { share, operation: Operation::ReEncrypt, caller, context, named };
            let mut flow = self.flow(key, Some(destination), draft);
            flow.source_named = source_named;
            flows.push((share, self.finished(flow)));
        }
    }

    /// Calls whose records don't list the key: named by ARN, or in a way that doesn't tell the key.
    fn poorly_named(&mut self, key: usize, flows: &mut Vec<(f64, Flow)>) {
        let account = self.population.keys[key].account;
        let caller = self.principal(account, Principal::Role, "legacy-batch", "");
        for named in [Named::Arn, Named::Alias, Named::AliasArn, Named::Id, Named::Absent] {
            let operation = if named == Named::Absent { Operation::Decrypt } else { Operation::Encrypt };
            let draft = Draft { share: 0.003, operation, caller, context: Context::default(), named };
            let mut flow = self.flow(key, None, draft);
            flow.listed = Listed::Absent;
            flows.push((0.003, self.finished(flow)));
        }
    }

    /// The excess of a runaway: one role that reads one bucket.
    pub(super) fn runaway(&mut self, key: usize) -> Flow {
        let account = self.population.keys[key].account;
        let bucket = format!("arn:aws:s3:::lake-archive-{}", self.tag(key));
        let context = Context {
            json: format!("{{\"aws:s3:arn\":\"{bucket}/history/dt={DAY}/part-{TOKEN}.snappy.parquet\"}}"),
            resource: bucket,
        };
        let caller = self.principal(account, Principal::Role, "etl-nightly", FAS_S3);
        let draft = Draft { share: 0.0, operation: Operation::Decrypt, caller, context, named: Named::Arn };
        let mut flow = self.flow(key, None, draft);
        flow.rates = Rates { throttled: 650, ..Rates::default() };
        flow
    }

    /// GenerateRandom in an account and Region, which uses no key.
    pub(super) fn random_bytes(&mut self, account: usize, region: usize) -> Flow {
        let caller = self.principal(account, Principal::Role, "token-issuer", "");
        self.finished(Flow {
            operation: Some(Operation::GenerateRandom),
            source: None,
            destination: None,
            caller,
            context: Context::default(),
            named: Named::Absent,
            source_named: Named::Absent,
            listed: Listed::Absent,
            lanes: vec![self.population.lane(account, region)],
            shared: false,
            rates: Rates { throttled: 20, ..Rates::default() },
            version: "1.11",
            wanted: if account.is_multiple_of(2) { "32" } else { "" },
            pool: "Symmetric".to_owned(),
            bodies: Vec::new(),
        })
    }

    fn flow(&mut self, key: usize, destination: Option<usize>, draft: Draft) -> Flow {
        let keys = &self.population.keys;
        let caller = self.callers.get(draft.caller);
        let (owner, region) = (keys[key].account, keys[key].region);
        let mut lanes = vec![self.population.lane(caller.account.unwrap_or(owner), region)];
        for owner in [Some(owner), destination.map(|key| keys[key].account)].into_iter().flatten() {
            let lane = self.population.lane(owner, region);
            if !lanes.contains(&lane) {
                lanes.push(lane);
            }
        }
        let pairs =
            matches!(draft.operation, Operation::GenerateDataKeyPair | Operation::GenerateDataKeyPairWithoutPlaintext);
        let wanted = match draft.operation {
            _ if pairs => ["ECC_NIST_P256", "RSA_2048", "RSA_3072"][key % 3],
            Operation::GenerateDataKey if key.is_multiple_of(4) => "64",
            _ => "",
        };
        let listed = match draft.operation {
            Operation::GenerateMac | Operation::VerifyMac => Listed::Untyped,
            Operation::Encrypt if draft.named == Named::Alias => Listed::WithAlias,
            _ => Listed::Typed,
        };
        let verifies = matches!(draft.operation, Operation::Verify | Operation::VerifyMac);
        let rates = Rates {
            throttled: if key < 3 { 60 } else { 5 },
            denied: 90,
            failed: if verifies { 900 } else { 120 },
            dry_run: if caller.direct() { 70 } else { 0 },
        };
        let pool = if pairs { format!("GenerateDataKeyPair-{wanted}") } else { keys[key].spec.pool().to_owned() };
        let flow = Flow {
            operation: Some(draft.operation),
            source: Some(key),
            destination,
            caller: draft.caller,
            context: draft.context,
            named: draft.named,
            source_named: Named::Absent,
            listed,
            lanes,
            shared: caller.account.is_none(),
            rates,
            version: ["1.11", "1.11", "1.11", "1.10", "1.09", "1.08"][self.chance.index(6)],
            wanted,
            pool,
            bodies: Vec::new(),
        };
        self.finished(flow)
    }

    /// With its bodies made.
    fn finished(&self, mut flow: Flow) -> Flow {
        let bodies =
            (0..flow.lanes.len()).map(|copy| body(&flow, self.population, self.callers, Ending::Success, copy));
        flow.bodies = bodies.collect();
        flow
    }

    /// A short tag that tells a key's buckets, tables … from another's.
    pub(super) fn tag(&self, key: usize) -> String {
        hex(self.population.keys[key].material, 8)
    }
}
