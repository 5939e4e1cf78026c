//! Names made shorter so that a table fits, without losing what tells them apart.

use std::collections::BTreeSet;

use crate::domain::Arn;

/// How short names are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// As they are.
    Full,
    /// ARNs without what all of the column share: `…:us-east-1:key/1234abcd-12ab-34cd-56ef-1234567890ab`.
    Bare,
    /// And without the middle of key ids: `…:us-east-1:key/1234abcd…90ab`.
    Cut,
}

/// A column's names at each level, and what `…` stands for: `arn:aws:kms:*:111122223333`.
pub(super) struct Names {
    pub(super) full: Vec<String>,
    bare: Vec<String>,
    cut: Vec<String>,
    pub(super) stands_for: Option<String>,
}

impl Names {
    /// The names of a column.
    pub(super) fn of(full: Vec<String>) -> Self {
        let arns: Vec<Arn<'_>> = full.iter().filter_map(|name| Arn::parse(name)).collect();
        let Some(first) = arns.first() else {
            return Self { bare: full.clone(), cut: full.clone(), full, stands_for: None };
        };
        let parts = |arn: &Arn<'_>| [arn.partition, arn.service, arn.region, arn.account].map(str::to_owned);
        let shared = parts(first);
        let differs: Vec<bool> =
            (0..shared.len()).map(|at| arns.iter().any(|arn| parts(arn)[at] != shared[at])).collect();
        let bare_of = |name: &String, resource: &dyn Fn(&str) -> String| match Arn::parse(name) {
            None => name.clone(),
            Some(arn) => {
                let kept =
                    parts(&arn).into_iter().zip(&differs).filter(|(part, differs)| **differs && !part.is_empty());
                let kept: String = kept.map(|(part, _)| format!("{part}:")).collect();
                format!("…:{kept}{}", resource(arn.resource))
            }
        };
        let bare: Vec<String> = full.iter().map(|name| bare_of(name, &str::to_owned)).collect();
        let mut cut: Vec<String> = full.iter().map(|name| bare_of(name, &cut_key)).collect();
        if distinct(&cut) < distinct(&bare) {
            cut.clone_from(&bare);
        }
        let stands_for: Vec<&str> =
            shared.iter().zip(&differs).map(|(part, differs)| if *differs { "*" } else { part.as_str() }).collect();
        let stands_for = format!("arn:{}", stands_for.join(":"));
        Self { bare, cut, full, stands_for: Some(stands_for) }
    }

    pub(super) fn at(&self, level: Level) -> &[String] {
        match level {
            Level::Full => &self.full,
            Level::Bare => &self.bare,
            Level::Cut => &self.cut,
        }
    }
}

fn distinct(names: &[String]) -> usize {
    names.iter().collect::<BTreeSet<_>>().len()
}

/// `key/1234abcd-12ab-34cd-56ef-1234567890ab` to `key/1234abcd…90ab`; other resources as they are.
fn cut_key(resource: &str) -> String {
    const UUID: usize = 36;
    let head = match resource.strip_prefix("key/") {
        Some(id) if id.len() == UUID && id.is_ascii() => {
            if id.starts_with("mrk-") {
                12
            } else {
                8
            }
        }
        _ => return resource.to_owned(),
    };
    format!("{}…{}", &resource[..4 + head], &resource[resource.len() - 4..])
}

/// A text of at most `width` characters, its middle replaced by `…`.
pub(super) fn middle(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(1);
    let tail = kept / 3;
    let head = text.chars().take(kept - tail);
    head.chain(std::iter::once('…')).chain(text.chars().skip(length - tail)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    const B: &str = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab";

    fn names(full: &[&str]) -> Names {
        Names::of(full.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn what_all_arns_share_is_left_out_and_what_differs_stays() {
        let both = names(&[A, B]);
        let bare = [
            "…:us-east-1:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "…:eu-west-1:key/mrk-1234abcd12ab34cd56ef1234567890ab",
        ];
        assert_eq!(both.at(Level::Bare), bare);
        assert_eq!(both.at(Level::Cut), ["…:us-east-1:key/1234abcd…90ab", "…:eu-west-1:key/mrk-1234abcd…90ab"]);
        assert_eq!(both.stands_for.as_deref(), Some("arn:aws:kms:*:111122223333"));
        assert_eq!(names(&[A]).at(Level::Cut), ["…:key/1234abcd…90ab"]);
        let buckets = names(&["arn:aws:s3:::logs", "arn:aws:lambda:eu-west-1:1:function:f"]);
        assert_eq!(buckets.at(Level::Bare), ["…:s3:logs", "…:lambda:eu-west-1:1:function:f"]);
    }

    #[test]
    fn names_stay_apart_and_texts_stay_as_they_are() {
        let twin = A.replace("12ab-34cd", "99ff-99ff");
        let both = names(&[A, &twin]);
        assert_eq!(both.at(Level::Cut), both.at(Level::Bare));
        let texts = names(&["Decrypt", "Other", ""]);
        assert_eq!(texts.at(Level::Cut), ["Decrypt", "Other", ""]);
        assert_eq!(texts.stands_for, None);
    }

    #[test]
    fn the_middle_gives_way() {
        assert_eq!(middle("abcdefghij", 10), "abcdefghij");
        assert_eq!(middle("abcdefghij", 7), "abcd…ij");
        assert_eq!(middle("äöüäöü", 4), "äö…ü");
        assert_eq!(middle("abc", 1), "…");
    }
}
