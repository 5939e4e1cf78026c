//! Values that no log, error or store may show.

use std::path::PathBuf;
use std::{env, fmt, fs};

use serde::Deserialize;

/// A value that isn't shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a value. Line ends around it are dropped: files have one at their end.
    pub fn new(value: &str) -> Self {
        Secret(value.trim().to_owned())
    }

    /// The value, for the one place that sends it.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where a secret is kept: `{ env = "NAME" }` or `{ file = "PATH" }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file that holds nothing else.
    File(PathBuf),
}

/// What reads secrets: where one is kept to its value, or why it can't be had.
pub type Resolve<'a> = &'a dyn Fn(&SecretSource) -> Result<Secret, String>;

impl SecretSource {
    /// Reads the secret from the environment or its file. The reason of a failure names the place, never a value.
    pub fn read(&self) -> Result<Secret, String> {
        let secret = match self {
            SecretSource::Env(name) => {
                let value = env::var(name);
                value.map_err(|_| format!("the environment variable {name} is not set, and a secret is kept there"))?
            }
            SecretSource::File(path) => fs::read_to_string(path)
                .map_err(|error| format!("can't read the secret in {}: {error}", path.display()))?,
        };
        match secret.trim().is_empty() {
            true => Err(format!("{self} holds an empty secret")),
            false => Ok(Secret::new(&secret)),
        }
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretSource::Env(name) => write!(f, "the environment variable {name}"),
            SecretSource::File(path) => write!(f, "the file {}", path.display()),
        }
    }
}

/// A setting that may be written out or kept elsewhere.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected a text, { env = \"NAME\" } or { file = \"PATH\" }")]
pub(super) enum Given {
    Text(String),
    Env(EnvTable),
    File(FileTable),
}

#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnvTable {
    env: String,
}

#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileTable {
    file: PathBuf,
}

impl Given {
    /// Where it is kept; none if it is written out.
    pub(super) fn source(&self) -> Option<SecretSource> {
        match self {
            Given::Text(_) => None,
            Given::Env(table) => Some(SecretSource::Env(table.env.clone())),
            Given::File(table) => Some(SecretSource::File(table.file.clone())),
        }
    }
}

impl fmt::Debug for Given {
    /// A text may be a secret that its owner put in the wrong place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source() {
            Some(source) => source.fmt(f),
            None => f.write_str("***"),
        }
    }
}
