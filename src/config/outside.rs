//! What settings need of the outside.

use std::path::Path;

use crate::publish::{Resolve, Secret, SecretSource};

/// How the environment, files and secrets are reached.
#[derive(Clone, Copy)]
pub struct Outside<'o> {
    /// The variables of the environment; what doesn't begin with `KEYTIDE_` is passed over.
    pub variables: &'o [(String, String)],
    /// Reads a file that a setting names: its text, or why it can't be had.
    pub read: &'o dyn Fn(&Path) -> Result<String, String>,
    /// Reads a secret.
    pub resolve: Resolve<'o>,
}

impl Outside<'static> {
    /// No variables, no files, and secrets that are all the same: for texts that are only checked.
    pub const NOTHING: Outside<'static> = Outside { variables: &[], read: &no_file, resolve: &any_secret };
}

fn no_file(path: &Path) -> Result<String, String> {
    Err(format!("{} is not read here", path.display()))
}

fn any_secret(_source: &SecretSource) -> Result<Secret, String> {
    Ok(Secret::new("https://192.0.2.1/secret"))
}
