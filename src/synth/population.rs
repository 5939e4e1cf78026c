//! Who there is: accounts, Regions and keys.

use super::options::SynthOptions;
use super::random::{Chance, mix};
use super::season::RHYTHMS;
use super::spec::{Purpose, Spec};
use super::template;

/// The Regions that a trail can have, in the order in which they are taken.
pub(super) const REGIONS: &[&str] = &[
    "us-east-1",
    "eu-west-1",
    "us-west-2",
    "ap-southeast-2",
    "eu-central-1",
    "ap-northeast-1",
    "us-east-2",
    "eu-north-1",
    "ca-central-1",
    "ap-south-1",
    "sa-east-1",
    "eu-west-3",
];

/// A KMS key.
pub(super) struct Key {
    /// Its ARN.
    pub arn: String,
    /// Its id.
    pub id: String,
    /// Its alias, with `alias/`.
    pub alias: String,
    /// The owner, as an index.
    pub account: usize,
    /// Its Region, as an index.
    pub region: usize,
    /// What kind of key.
    pub spec: Spec,
    /// What it is used for.
    pub purpose: Purpose,
    /// Whether its material was imported.
    pub imported: bool,
    /// Its rhythm, as an index into [`RHYTHMS`].
    pub rhythm: usize,
    /// How little its counts fluctuate: the shape of the negative binomial.
    pub shape: f64,
    /// Its share of all calls; 0 for keys being retired.
    pub weight: f64,
    /// What the ids of its key materials follow from.
    pub material: u64,
}

impl Key {
    /// What the id of the material of a generation (counted by rotations) follows from.
    pub(super) fn material_seed(&self, generation: u8) -> u64 {
        mix(self.material ^ u64::from(generation).wrapping_mul(0x1_0001))
    }

    /// Whether it is a multi-Region key.
    pub(super) fn multi_region(&self) -> bool {
        self.id.starts_with("mrk-")
    }
}

/// Accounts, Regions, keys.
pub(super) struct Population {
    /// Account numbers.
    pub accounts: Vec<String>,
    /// Region names.
    pub regions: Vec<&'static str>,
    /// The organization's id.
    pub organization: String,
    /// The keys: those in use, the most used first, then those being retired.
    pub keys: Vec<Key>,
    /// How many of the keys are in use.
    pub used: usize,
}

/// The first keys, so that a small trail has every kind of key; those beyond are drawn.
const FIRST_KEYS: &[(Spec, Purpose)] = &[
    (Spec::Symmetric, Purpose::Lake),
    (Spec::Symmetric, Purpose::App),
    (Spec::Symmetric, Purpose::Secrets),
    (Spec::Hmac256, Purpose::Asymmetric),
    (Spec::Symmetric, Purpose::Tables),
    (Spec::RsaSign, Purpose::Asymmetric),
    (Spec::Symmetric, Purpose::Volumes),
    (Spec::Symmetric, Purpose::App),
    (Spec::Symmetric, Purpose::App),
    (Spec::EccSign, Purpose::Asymmetric),
    (Spec::Symmetric, Purpose::Functions),
    (Spec::Symmetric, Purpose::BucketKey),
    (Spec::MlDsa, Purpose::Asymmetric),
    (Spec::Symmetric, Purpose::Parameters),
    (Spec::EccAgree, Purpose::Asymmetric),
    (Spec::MlKem, Purpose::Asymmetric),
    (Spec::RsaEncrypt, Purpose::Asymmetric),
    (Spec::Symmetric, Purpose::App),
    (Spec::Symmetric, Purpose::Logs),
    (Spec::Hmac512, Purpose::Asymmetric),
];

/// Which of the first keys are a multi-Region key's primary and replica, and which has imported material.
const PRIMARY: usize = 7;
const REPLICA: usize = 8;
const IMPORTED: usize = 17;

impl Population {
    /// Draws accounts and keys.
    pub(super) fn new(options: &SynthOptions, chance: &mut Chance) -> Self {
        let mut accounts: Vec<String> = Vec::with_capacity(options.accounts);
        while accounts.len() < options.accounts {
            let account = (100_000_000_000 + chance.bits() % 900_000_000_000).to_string();
            if !accounts.contains(&account) {
                accounts.push(account);
            }
        }
        let regions = REGIONS[..options.regions].to_vec();
        let organization = format!("o-{}", template::hex(chance.bits(), 10));
        let retired = 1 + options.keys / 20;
        let mut keys: Vec<Key> = Vec::with_capacity(options.keys + retired);
        for at in 0..options.keys + retired {
            let mut key = draw_key(at, &accounts, &regions, chance);
            if at >= options.keys {
                // The last one's imported material comes and goes.
                (key.weight, key.imported) = (0.0, at + 1 == options.keys + retired);
                (key.spec, key.purpose) = (Spec::Symmetric, Purpose::App);
            }
            if at == REPLICA && regions.len() > 1 {
                let primary = &keys[PRIMARY];
                (key.id, key.account, key.material) = (primary.id.clone(), primary.account, primary.material);
                key.alias = primary.alias.clone();
                key.region = (primary.region + 1) % regions.len();
            }
            key.arn = format!("arn:aws:kms:{}:{}:key/{}", regions[key.region], accounts[key.account], key.id);
            keys.push(key);
        }
        Self { accounts, regions, organization, keys, used: options.keys }
    }

    /// Where an account's records of a Region go, as an index.
    pub(super) fn lane(&self, account: usize, region: usize) -> usize {
        account * self.regions.len() + region
    }

    /// How many such places there are.
    pub(super) fn lanes(&self) -> usize {
        self.accounts.len() * self.regions.len()
    }

    /// The account and Region of a lane.
    pub(super) fn of_lane(&self, lane: usize) -> (&str, &'static str) {
        (&self.accounts[lane / self.regions.len()], self.regions[lane % self.regions.len()])
    }
}

fn draw_key(at: usize, accounts: &[String], regions: &[&'static str], chance: &mut Chance) -> Key {
    let (spec, purpose) = match FIRST_KEYS.get(at) {
        Some(&kind) => kind,
        None if chance.happens(0.15) => {
            let kinds = [Spec::RsaSign, Spec::EccSign, Spec::Hmac256, Spec::MlDsa, Spec::RsaEncrypt];
            (kinds[chance.index(kinds.len())], Purpose::Asymmetric)
        }
        None => (Spec::Symmetric, Purpose::SYMMETRIC[chance.index(Purpose::SYMMETRIC.len())]),
    };
    // A few accounts and Regions have most of the keys.
    let skewed = |count: usize, chance: &mut Chance| ((chance.unit().powi(2)) * count as f64) as usize;
    let account = if at == 0 { 0 } else { skewed(accounts.len(), chance) };
    let region = if at == 0 { 0 } else { skewed(regions.len(), chance) };
    let id_seed = chance.bits();
    let id = match at {
        PRIMARY | REPLICA => format!("mrk-{}", template::hex(id_seed, 32)),
        _ => template::uuid(id_seed),
    };
    let rhythm = match purpose {
        Purpose::Lake => [1, 6, 7][at % 3],
        Purpose::Secrets | Purpose::Parameters => [8, 9, 0][at % 3],
        Purpose::Tables | Purpose::Logs | Purpose::Volumes => [0, 1, 0][at % 3],
        _ => chance.index(RHYTHMS.len()),
    };
    Key {
        arn: String::new(),
        id,
        alias: format!("alias/{}-{at}", purpose.name(spec)),
        account,
        region,
        spec,
        purpose,
        imported: at == IMPORTED || (at > 20 && spec == Spec::Symmetric && chance.happens(0.05)),
        rhythm,
        shape: 4.0 + 40.0 * chance.unit(),
        weight: 1.0 / (at as f64 + 1.0).powf(1.1),
        material: chance.bits(),
    }
}
