//! What `query` and `top` share: how they fail, how wide they write.

use std::io;
use std::path::PathBuf;

use super::range::EmptyRange;
use crate::insights::InsightsError;

/// A question that got no answer.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// The query is wrong, or counts couldn't be read.
    #[error(transparent)]
    Insights(#[from] InsightsError),
    /// The range is empty.
    #[error(transparent)]
    Range(#[from] EmptyRange),
    /// The query's file can't be read.
    #[error("can't read the query from {}: {source}; a query itself starts with SELECT", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no query.
    #[error("the query is empty; one starts with SELECT, as in SELECT SUM(SuccessfulRequest) FROM \"AWS/KMS\"")]
    Empty,
    /// Parquet, to a terminal.
    #[error("Parquet is no text for a terminal; write it to a file: … > FILE")]
    Terminal,
    /// The answer can't be written.
    #[error("can't write the answer: {0}")]
    Write(#[from] io::Error),
    /// A key is named by its alias.
    #[error("--key takes a key's ARN or id, not the alias '{0}'; `keytide export lifecycle` tells which key it names")]
    Alias(String),
    /// There is no such operation.
    #[error("'{name}' is no cryptographic operation of KMS; there are {known}")]
    Operation {
        /// As written.
        name: String,
        /// All there are.
        known: String,
    },
}

/// Columns of the terminal, or those that the environment's `COLUMNS` asks for. `None` if standard output is none:
/// then nothing is shortened.
pub(super) fn width() -> Option<usize> {
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    asked.or_else(|| comfy_table::Table::new().width().map(usize::from))
}
