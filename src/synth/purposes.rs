//! Who uses a key of each purpose, and how.

use super::caller::Principal;
use super::flow::{Context, Named};
use super::flows::{Draft, FAS_S3, Flows};
use super::record::context;
use super::spec::Purpose;
use super::template::{DAY, TOKEN, hex};
use crate::domain::Operation;

/// How most forwarding services name themselves.
const INTERNAL: &str = "AWS Internal";

impl Flows<'_> {
    pub(super) fn asymmetric(&mut self, key: usize) -> Vec<Draft> {
        let (account, spec) = (self.population.keys[key].account, self.population.keys[key].spec);
        let name = self.population.keys[key].purpose.name(spec);
        let role = self.principal(account, Principal::Role, &format!("{name}-service"), "");
        let user = self.principal(account, Principal::User, "release-bot", "");
        let named = [Named::Arn, Named::Id, Named::Alias][key % 3];
        let mut drafts: Vec<Draft> = Vec::new();
        for (at, &(operation, share)) in spec.operations().iter().enumerate() {
            let caller = if at == 1 { user } else { role };
            drafts.push(Draft { share, operation, caller, context: Context::default(), named });
        }
        drafts
    }

    pub(super) fn application(&mut self, key: usize) -> Vec<Draft> {
        use Operation::*;
        let account = self.population.keys[key].account;
        let role = self.principal(account, Principal::Role, &format!("payments-api-{}", key % 7), "");
        let worker = self.principal(account, Principal::Role, &format!("settlement-{}", key % 5), "");
        let user = self.principal(account, Principal::User, "alice", "");
        let tenant = |n: usize| Context {
            json: format!("{{\"tenant\":\"t-{n}\",\"purpose\":\"card-data\"}}"),
            resource: String::new(),
        };
        let plain = Context::default;
        [
            (0.34, Decrypt, role, tenant(key), Named::Absent),
            (0.14, Decrypt, worker, tenant(key), Named::Arn),
            (0.16, Encrypt, role, tenant(key), Named::Alias),
            (0.14, GenerateDataKey, role, tenant(key), Named::Arn),
            (0.07, GenerateDataKeyWithoutPlaintext, worker, plain(), Named::Id),
            (0.02, GenerateDataKeyPair, worker, plain(), Named::AliasArn),
            (0.02, GenerateDataKeyPairWithoutPlaintext, worker, plain(), Named::Arn),
            (0.03, Decrypt, user, plain(), Named::Absent),
        ]
        .into_iter()
        .map(|(share, operation, caller, context, named)| Draft { share, operation, caller, context, named })
        .collect()
    }

    pub(super) fn storage(&mut self, key: usize) -> Vec<Draft> {
        let account = self.population.keys[key].account;
        let bucket = format!("arn:aws:s3:::{}-{}", if key == 0 { "lake-curated" } else { "team-data" }, self.tag(key));
        let of_object = |folder: &str| Context {
            json: format!("{{\"aws:s3:arn\":\"{bucket}/{folder}/dt={DAY}/part-{TOKEN}.snappy.parquet\"}}"),
            resource: bucket.clone(),
        };
        let (read, written) = match self.population.keys[key].purpose {
            Purpose::BucketKey => (context("aws:s3:arn", &bucket), context("aws:s3:arn", &bucket)),
            _ => (of_object("curated/orders"), of_object("raw/events")),
        };
        let glue = self.principal(account, Principal::Role, "glue-curate", FAS_S3);
        let analyst = self.principal(account, Principal::Role, "athena-analyst", INTERNAL);
        let writer = self.principal(account, Principal::Role, "ingest-writer", FAS_S3);
        let user = self.principal(account, Principal::User, "bob", INTERNAL);
        [
            (0.45, Operation::Decrypt, glue, read.clone(), Named::Absent),
            (0.2, Operation::Decrypt, analyst, read.clone(), Named::Absent),
            (0.3, Operation::GenerateDataKey, writer, written, Named::Arn),
            (0.05, Operation::Decrypt, user, read, Named::Absent),
        ]
        .into_iter()
        .map(|(share, operation, caller, context, named)| Draft { share, operation, caller, context, named })
        .collect()
    }

    pub(super) fn configuration(&mut self, key: usize) -> Vec<Draft> {
        let (account, region) = (self.population.keys[key].account, self.population.keys[key].region);
        let (number, region) = (self.population.accounts[account].clone(), self.population.regions[region]);
        let mut drafts = Vec::new();
        for n in 0..3 {
            let role = format!("service-{}", (key + n) % 9);
            if self.population.keys[key].purpose == Purpose::Secrets {
                let caller = self.principal(account, Principal::Role, &role, "secretsmanager.amazonaws.com");
                let secret = format!("arn:aws:secretsmanager:{region}:{number}:secret:db/{role}-{}", self.tag(key));
                let version = hex(key as u64 + 77, 12);
                let context = Context {
                    json: format!("{{\"SecretARN\":\"{secret}\",\"SecretVersionId\":\"{version}\"}}"),
                    resource: secret,
                };
                if n == 0 {
                    let (operation, context) = (Operation::GenerateDataKey, context.clone());
                    drafts.push(Draft { share: 0.04, operation, caller, context, named: Named::Alias });
                }
                drafts.push(Draft {
                    share: 0.32,
                    operation: Operation::Decrypt,
                    caller,
                    context,
                    named: Named::Absent,
                });
            } else {
                let caller = self.principal(account, Principal::Role, &role, INTERNAL);
                let parameter = format!("arn:aws:ssm:{region}:{number}:parameter/prod/{role}/{}", self.tag(key));
                let context = context("PARAMETER_ARN", &parameter);
                drafts.push(Draft {
                    share: 0.33,
                    operation: Operation::Decrypt,
                    caller,
                    context,
                    named: Named::Absent,
                });
            }
        }
        drafts
    }

    pub(super) fn compute(&mut self, key: usize) -> Vec<Draft> {
        use Operation::*;
        let (account, region) = (self.population.keys[key].account, self.population.keys[key].region);
        let (number, region) = (self.population.accounts[account].clone(), self.population.regions[region]);
        let mut drafts = Vec::new();
        for n in 0..3 {
            if self.population.keys[key].purpose == Purpose::Functions {
                let function = format!("order-handler-{}-{n}", key % 11);
                let caller = self.principal(account, Principal::Role, &function, "lambda.amazonaws.com");
                let arn = format!("arn:aws:lambda:{region}:{number}:function:{function}");
                let context = context("aws:lambda:FunctionArn", &arn);
                drafts.push(Draft { share: 0.33, operation: Decrypt, caller, context, named: Named::Absent });
            } else {
                let volume = format!("vol-0{}", hex((key * 3 + n) as u64, 16));
                let mut context = context("aws:ebs:id", &volume);
                context.resource = format!("ebs:{volume}");
                let instance = self.principal(account, Principal::Infrastructure, "aws:ec2-infrastructure", "");
                let scaler = self.principal(account, Principal::Role, "node-scaler", "ec2-frontend-api.amazonaws.com");
                let (attach, create) = (context.clone(), context);
                drafts.push(Draft {
                    share: 0.26,
                    operation: Decrypt,
                    caller: instance,
                    context: attach,
                    named: Named::Absent,
                });
                let operation = GenerateDataKeyWithoutPlaintext;
                drafts.push(Draft { share: 0.07, operation, caller: scaler, context: create, named: Named::Arn });
            }
        }
        drafts
    }

    pub(super) fn services(&mut self, key: usize) -> Vec<Draft> {
        let (account, region) = (self.population.keys[key].account, self.population.keys[key].region);
        let (number, region) = (self.population.accounts[account].clone(), self.population.regions[region]);
        let mut drafts = Vec::new();
        let mut add = |share, operation, caller, context: &Context, named| {
            drafts.push(Draft { share, operation, caller, context: context.clone(), named });
        };
        if self.population.keys[key].purpose == Purpose::Tables {
            let table = format!("orders-{}", self.tag(key));
            let entry =
                format!("{{\"aws:dynamodb:tableName\":\"{table}\",\"aws:dynamodb:subscriberId\":\"{number}\"}}");
            let context = Context { json: entry, resource: format!("dynamodb:{table}") };
            let role = self.principal(account, Principal::Role, "order-api", "dynamodb.amazonaws.com");
            let service = self.callers.service("dynamodb.amazonaws.com");
            add(0.6, Operation::Decrypt, role, &context, Named::Absent);
            add(0.25, Operation::Decrypt, service, &context, Named::Arn);
            add(0.15, Operation::GenerateDataKey, service, &context, Named::Arn);
        } else {
            let group = format!("arn:aws:logs:{region}:{number}:log-group:/aws/eks/{}", self.tag(key));
            let groups = context("aws:logs:arn", &group);
            let logs = self.callers.service("logs.amazonaws.com");
            let trail = format!("arn:aws:cloudtrail:{region}:{number}:trail/management");
            let object = format!("arn:aws:s3:::trail-{}/AWSLogs/{number}/{TOKEN}.json.gz", self.tag(key));
            let json = format!("{{\"aws:cloudtrail:arn\":\"{trail}\",\"aws:s3:arn\":\"{object}\"}}");
            let trails = Context { json, resource: trail };
            let delivery = self.callers.service("cloudtrail.amazonaws.com");
            add(0.5, Operation::GenerateDataKey, logs, &groups, Named::Arn);
            add(0.3, Operation::Decrypt, logs, &groups, Named::Absent);
            add(0.2, Operation::GenerateDataKey, delivery, &trails, Named::Arn);
        }
        drafts
    }
}
