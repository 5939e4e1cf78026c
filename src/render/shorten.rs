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
    /// And without the middle of key ids: `…:us-east-1:111122223333:key/1234abcd…90ab`.
    Cut,
    /// And without what stands for the rest: `us-east-1:111122223333:1234abcd…90ab`.
    Lean,
    /// And with the start of the id and the end of the account only: `us-east-1:…3333:1234abcd…`.
    Tight,
}

const LEVELS: [Level; 5] = [Level::Full, Level::Bare, Level::Cut, Level::Lean, Level::Tight];

/// A column's names at each level, and what `…` stands for: `arn:aws:kms:*:111122223333`.
pub(super) struct Names {
    by_level: [Vec<String>; LEVELS.len()],
    pub(super) stands_for: Option<String>,
}

impl Names {
    /// The names of a column.
    pub(super) fn of(full: Vec<String>) -> Self {
        let arns: Vec<Arn<'_>> = full.iter().filter_map(|name| Arn::parse(name)).collect();
        let Some(first) = arns.first() else {
            return Self { by_level: LEVELS.map(|_| full.clone()), stands_for: None };
        };
        let shared = parts(first);
        let differs: Vec<bool> =
            (0..shared.len()).map(|at| arns.iter().any(|arn| parts(arn)[at] != shared[at])).collect();
        let stands_for: Vec<&str> =
            shared.iter().zip(&differs).map(|(part, differs)| if *differs { "*" } else { part }).collect();
        let stands_for = format!("arn:{}", stands_for.join(":"));
        let at = |level: Level| -> Vec<String> {
            let short =
                |name: &String| Arn::parse(name).map_or_else(|| name.clone(), |arn| form(level, &arn, &differs));
            if level == Level::Full { full.clone() } else { full.iter().map(short).collect() }
        };
        let mut by_level = LEVELS.map(at);
        for level in 1..by_level.len() {
            // What would make two names one is not done.
            if distinct(&by_level[level]) < distinct(&full) {
                by_level[level] = by_level[level - 1].clone();
            }
        }
        Self { by_level, stands_for: Some(stands_for) }
    }

    pub(super) fn at(&self, level: Level) -> &[String] {
        &self.by_level[level as usize]
    }
}

fn parts<'a>(arn: &Arn<'a>) -> [&'a str; 4] {
    [arn.partition, arn.service, arn.region, arn.account]
}

/// An ARN at a level, with those parts that differ in its column.
fn form(level: Level, arn: &Arn<'_>, differs: &[bool]) -> String {
    let mut text = if level < Level::Lean { "…:".to_owned() } else { String::new() };
    for (at, part) in parts(arn).into_iter().enumerate().filter(|(at, part)| differs[*at] && !part.is_empty()) {
        let is_account = at == 3;
        match part.char_indices().rev().nth(3) {
            Some((last_four, _)) if is_account && level == Level::Tight => {
                text.push('…');
                text.push_str(&part[last_four..]);
            }
            _ => text.push_str(part),
        }
        text.push(':');
    }
    let id = arn.resource.strip_prefix("key/").filter(|id| id.len() == KEY_ID && id.is_ascii());
    let Some(id) = id.filter(|_| level >= Level::Cut) else { return text + arn.resource };
    let head = &id[..if id.starts_with("mrk-") { 12 } else { 8 }];
    let tail = &id[KEY_ID - 4..];
    text + &match level {
        Level::Tight => format!("{head}…"),
        Level::Lean => format!("{head}…{tail}"),
        _ => format!("key/{head}…{tail}"),
    }
}

/// Characters of a key's id: a UUID, or `mrk-` and 32 hexadecimal digits.
const KEY_ID: usize = 36;

fn distinct(names: &[String]) -> usize {
    names.iter().collect::<BTreeSet<_>>().len()
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
        assert_eq!(both.at(Level::Lean), ["us-east-1:1234abcd…90ab", "eu-west-1:mrk-1234abcd…90ab"]);
        let foreign = A.replace("111122223333", "444455556666");
        assert_eq!(names(&[A, B, &foreign]).at(Level::Tight)[0], "us-east-1:…3333:1234abcd…");
        let foreign = foreign.replace("1234abcd", "0987dcba");
        assert_eq!(names(&[A, &foreign]).at(Level::Tight), ["…3333:1234abcd…", "…6666:0987dcba…"]);
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
