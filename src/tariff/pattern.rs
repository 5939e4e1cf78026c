//! Names that may stand for many: `cn-*`.

/// Whether a pattern means a name: the name itself, or with a `*` at its end all that begin so.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}

/// Whether one of several does; none at all means every name.
pub(super) fn any_fits(patterns: &[String], name: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| fits(pattern, name))
}
