//! Words that can't be names unless they stand in double quotes.
//!
//! AWS's list has about 917, of which the service rejects some 400. Rejected here: the words of the grammar and those
//! that look like names of dimensions. Being laxer than the service breaks no query that works there.

const RESERVED: &[&str] = &[
    "ACTION",
    "AND",
    "ASC",
    "BY",
    "CLASSIFIER",
    "CONDITION",
    "COUNT",
    "DATE",
    "DAY",
    "DESC",
    "DOMAIN",
    "ELEMENT",
    "FILTER",
    "FROM",
    "FUNCTION",
    "GROUP",
    "HOUR",
    "IDENTITY",
    "INPUT",
    "KEY",
    "LANGUAGE",
    "LEVEL",
    "LIMIT",
    "METHOD",
    "MINUTE",
    "MODULE",
    "MONTH",
    "NAMES",
    "OFFSET",
    "OPTION",
    "ORDER",
    "OUTPUT",
    "PARAMETER",
    "PARTITION",
    "PATTERN",
    "PERCENT",
    "PERIOD",
    "POSITION",
    "RANGE",
    "RANK",
    "RESULT",
    "ROW",
    "SCHEMA",
    "SECOND",
    "SELECT",
    "SESSION",
    "SIZE",
    "SPACE",
    "START",
    "SYSTEM",
    "TABLE",
    "TIME",
    "TIMESTAMP",
    "TRIGGER",
    "USAGE",
    "USER",
    "VALUE",
    "VALUES",
    "VIEW",
    "WHERE",
    "WINDOW",
    "YEAR",
    "ZONE",
];

/// Whether a bare word is reserved, in any case.
pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.binary_search_by(|reserved| reserved.cmp(&word.to_ascii_uppercase().as_str())).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_are_found_in_any_case() {
        assert!(RESERVED.is_sorted());
        for word in ["Key", "USER", "zone", "select", "Count"] {
            assert!(is_reserved(word), "{word}");
        }
        for word in ["KeyArn", "Operation", "SuccessfulRequest", "TableName", "ServiceName", "Account", "Region"] {
            assert!(!is_reserved(word), "{word}");
        }
    }
}
