//! What can keep a query from its answer.

use polars::prelude::PolarsError;

use super::syntax::SyntaxError;

/// A query without an answer.
#[derive(Debug, thiserror::Error)]
pub enum InsightsError {
    /// The text isn't a query.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// The store has keys of several accounts or of none.
    #[error(
        "CURRENT_ACCOUNT_ID() is no single account: the store has keys of {}; name the account instead, as in \
         AWS.AccountId = '111122223333'",
        listed(.accounts)
    )]
    CurrentAccount {
        /// The accounts that own keys.
        accounts: Vec<String>,
    },
    /// Counts couldn't be read or added up.
    #[error("can't {action}: {source}")]
    Frame {
        /// What was being done.
        action: &'static str,
        /// What Polars says.
        source: PolarsError,
    },
}

impl InsightsError {
    /// Names what was being done when a frame failed.
    pub(super) fn frame(action: &'static str) -> impl Fn(PolarsError) -> InsightsError {
        move |source| InsightsError::Frame { action, source }
    }
}

fn listed(accounts: &[String]) -> String {
    const SHOWN: usize = 5;
    match accounts.len() {
        0 => "no account yet".to_owned(),
        count if count <= SHOWN => format!("{count} accounts ({})", accounts.join(", ")),
        count => format!("{count} accounts ({} …)", accounts[..SHOWN].join(", ")),
    }
}
