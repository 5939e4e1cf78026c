//! FROM, WHERE and GROUP BY: from a dictionary of series to groups with numbers.
//!
//! A series is identified on one axis or two: by its number in the dictionary of series, for counts by caller also by
//! the caller's. Conditions are joined by AND and each looks at one dimension, so every axis is matched on its own, on
//! a frame of a few thousand rows; what scans the counts handles numbers only.

use std::collections::BTreeSet;

use hashbrown::HashMap;
use polars::prelude::{
    DataFrame, DataType, Expr, IntoLazy, IntoSeries, JoinArgs, JoinType, LazyFrame, PolarsResult, SortMultipleOptions,
    UnionArgs, UniqueKeepStrategy, col, concat, df, lit,
};

use super::numbering::Numbering;
use super::query::{Condition, Key, Query, Value};
use crate::series::whole;

/// One identifying column of observations and its dictionary.
pub(super) struct Axis {
    /// The column, in the observations and in the dictionary.
    pub(super) column: &'static str,
    /// The dictionary.
    pub(super) members: DataFrame,
    /// The sets of dimensions that members of this axis carry.
    pub(super) kinds: Vec<Kind>,
    /// Whether a member may be of several kinds. In a group it counts once.
    pub(super) kinds_overlap: bool,
}

/// Members of an axis that carry the same dimensions.
pub(super) struct Kind {
    /// Each dimension's name and its column in the dictionary.
    pub(super) dimensions: Vec<(&'static str, &'static str)>,
    /// The dictionary's column that is `AWS.AccountId`, if this axis tells it.
    pub(super) account: Option<&'static str>,
    /// Which members.
    pub(super) only: Expr,
}

impl Kind {
    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.dimensions.iter().map(|(name, _)| *name)
    }

    fn column_of(&self, name: &str) -> Option<&'static str> {
        self.dimensions.iter().find(|(dimension, _)| *dimension == name).map(|(_, column)| *column)
    }

    /// A member's value of a key: null if the kind lacks it.
    fn value(&self, key: &Key) -> Expr {
        let column = match key {
            Key::Dimension(name) => self.column_of(name),
            Key::AccountId => self.account,
            Key::Tag(_) => None,
        };
        column.map_or_else(|| lit(polars::prelude::NULL).cast(DataType::String), col)
    }
}

impl Axis {
    fn has(&self, key: &Key) -> bool {
        match key {
            Key::Dimension(name) => self.kinds.iter().any(|kind| kind.column_of(name).is_some()),
            Key::AccountId => self.kinds.iter().any(|kind| kind.account.is_some()),
            Key::Tag(_) => false,
        }
    }

    /// Sets of dimensions, each with those of each kind of this axis.
    fn added_to(&self, sets: &[BTreeSet<&'static str>]) -> Vec<BTreeSet<&'static str>> {
        let with = |set: &BTreeSet<&'static str>, kind: &Kind| set.iter().copied().chain(kind.names()).collect();
        sets.iter().flat_map(|set| self.kinds.iter().map(|kind| with(set, kind))).collect()
    }
}

/// The members of an axis that a query matches, in groups.
#[derive(Clone)]
pub(super) struct Part {
    /// The axis' column.
    pub(super) column: &'static str,
    /// That column, and `part` (u32): the number of the group on this axis.
    pub(super) map: DataFrame,
    /// `part`, and the values of the GROUP BY keys that this axis tells, as `key0`, `key1` … by their place in the
    /// query. Null where the members lack the key.
    pub(super) names: DataFrame,
}

/// What a query matches, in groups. Members of two axes are grouped by the pair of their parts.
#[derive(Clone)]
pub(super) struct Groups {
    pub(super) parts: Vec<Part>,
    /// How many keys the query groups by.
    pub(super) keys: usize,
}

/// Matches a query against its metric's axes. `account` is what CURRENT_ACCOUNT_ID() means.
pub(super) fn resolve(query: &Query, axes: &[Axis], account: &str) -> PolarsResult<Groups> {
    let owner = |key: &Key| axes.iter().position(|axis| axis.has(key)).unwrap_or(0);
    let parts = axes.iter().enumerate().map(|(at, axis)| {
        let others = axes.iter().enumerate().filter(|(other, _)| *other != at);
        let elsewhere = others.fold(vec![BTreeSet::new()], |sets, (_, other)| other.added_to(&sets));
        let keys: Vec<(usize, &Key)> = query.group_by.iter().enumerate().filter(|(_, key)| owner(key) == at).collect();
        let conditions = query.conditions.iter().filter(|condition| owner(&condition.key) == at);
        let conditions: Vec<&Condition> = conditions.collect();
        let matched = axis.kinds.iter().filter(|kind| in_schema(query, kind, &elsewhere)).map(|kind| {
            let holds = conditions
                .iter()
                .map(|condition| condition_holds(kind, condition, account))
                .fold(kind.only.clone(), Expr::and);
            let named = keys.iter().map(|(place, key)| kind.value(key).alias(key_column(*place)));
            let columns: Vec<Expr> = std::iter::once(col(axis.column)).chain(named).collect();
            axis.members.clone().lazy().filter(holds).select(columns)
        });
        let mut matched: Vec<LazyFrame> = matched.collect();
        if axis.kinds_overlap && matched.len() > 1 {
            matched = vec![concat(matched, UnionArgs::default())?.unique(None, UniqueKeepStrategy::Any)];
        }
        let places: Vec<usize> = keys.iter().map(|(place, _)| *place).collect();
        Part::number(axis.column, matched, &places)
    });
    Ok(Groups { parts: parts.collect::<PolarsResult<_>>()?, keys: query.group_by.len() })
}

/// The column of the GROUP BY key at a place.
pub(super) fn key_column(place: usize) -> String {
    format!("key{place}")
}

/// Whether the kind's dimensions, with some kind's of the other axes, are exactly those of SCHEMA.
fn in_schema(query: &Query, kind: &Kind, elsewhere: &[BTreeSet<&'static str>]) -> bool {
    let Some(schema) = &query.source.schema else { return true };
    elsewhere.iter().any(|others| {
        let names: BTreeSet<&str> = others.iter().copied().chain(kind.names()).collect();
        names.iter().copied().eq(schema.iter().map(String::as_str))
    })
}

/// `=` needs the key with that very value; `!=` also holds for what lacks the key.
fn condition_holds(kind: &Kind, condition: &Condition, account: &str) -> Expr {
    let text = match &condition.value {
        Value::Text(text) => text.as_str(),
        Value::CurrentAccount => account,
    };
    let equal = kind.value(&condition.key).eq_missing(lit(text.to_owned()));
    if condition.equal { equal } else { equal.not() }
}

impl Part {
    /// Numbers the groups of matched members. `places` are those of the `key…` columns.
    pub(super) fn number(column: &'static str, matched: Vec<LazyFrame>, places: &[usize]) -> PolarsResult<Part> {
        if matched.is_empty() {
            let map = df!(column => Vec::<u32>::new(), "part" => Vec::<u32>::new())?;
            let keys = places.iter().map(|place| lit("").alias(key_column(*place))).collect::<Vec<_>>();
            let names = df!("part" => Vec::<u32>::new())?.lazy().with_columns(keys).collect()?;
            return Ok(Part { column, map, names });
        }
        let matched = concat(matched, UnionArgs::default())?.collect()?;
        match places {
            [] => {
                let map = matched.lazy().with_column(lit(0).cast(DataType::UInt32).alias("part")).collect()?;
                return Ok(Part { column, map, names: df!("part" => [0_u32])? });
            }
            [place] => return Part::number_by(column, &matched, &key_column(*place)),
            _ => {}
        }
        let matched = matched.lazy();
        let keys: Vec<Expr> = places.iter().map(|place| col(key_column(*place))).collect();
        let by_value = SortMultipleOptions::default().with_nulls_last(true);
        let names = matched
            .clone()
            .select(keys.clone())
            .unique(None, UniqueKeepStrategy::Any)
            .sort_by_exprs(keys.clone(), by_value)
            .with_row_index("part", None)
            .with_column(col("part").cast(DataType::UInt32))
            .collect()?;
        let mut on_keys = JoinArgs::new(JoinType::Inner);
        on_keys.nulls_equal = true;
        let map = matched
            .join(names.clone().lazy(), keys.clone(), keys, on_keys)
            .select([col(column), col("part")])
            .collect()?;
        Ok(Part { column, map, names })
    }

    /// Numbers the groups of one key. Of up to 100,000 texts each is hashed once, and only names are sorted.
    fn number_by(column: &'static str, matched: &DataFrame, key: &str) -> PolarsResult<Part> {
        let texts = matched.column(key)?.str()?;
        let (mut seen, mut names) = (HashMap::new(), Vec::new());
        let mut first_seen = |text: Option<_>| {
            *seen.entry(text).or_insert_with(|| {
                names.push(text);
                names.len() - 1
            })
        };
        let groups: Vec<usize> = texts.iter().map(&mut first_seen).collect();
        let mut order: Vec<usize> = (0..names.len()).collect();
        // Null last.
        order.sort_unstable_by_key(|group| (names[*group].is_none(), names[*group]));
        let mut parts = vec![0_u32; names.len()];
        for (part, group) in (0..).zip(&order) {
            parts[*group] = part;
        }
        let map = df!(
            column => matched.column(column)?.u32()?.clone().into_series(),
            "part" => groups.iter().map(|group| parts[*group]).collect::<Vec<_>>()
        )?;
        let names: Vec<Option<&str>> = order.iter().map(|group| names[*group]).collect();
        let names = df!("part" => (0..names.len() as u32).collect::<Vec<_>>(), key => names)?;
        Ok(Part { column, map, names })
    }
}

impl Groups {
    /// How many groups there can be for each part of the axis at a place.
    fn stride(&self, at: usize) -> u64 {
        self.parts[at + 1..].iter().map(|part| part.names.height() as u64).product::<u64>().max(1)
    }

    /// Which groups members are in.
    pub(super) fn numbering(&self) -> PolarsResult<Numbering> {
        Numbering::of(self.parts.iter().enumerate().map(|(at, part)| (part, self.stride(at))))
    }

    /// Adds the `key…` columns to a frame with `group` (u64).
    pub(super) fn name(&self, groups: LazyFrame) -> LazyFrame {
        let mut frame = groups;
        for (at, part) in self.parts.iter().enumerate() {
            if part.names.width() == 1 {
                continue;
            }
            let part_of = match self.parts.len() {
                1 => col("group"),
                _ => {
                    let count = (part.names.height() as u64).max(1);
                    whole(col("group") / lit(self.stride(at)), DataType::UInt64) % lit(count)
                }
            };
            frame = frame
                .with_column(part_of.cast(DataType::UInt32).alias("part"))
                .inner_join(part.names.clone().lazy(), col("part"), col("part"))
                .drop(polars::prelude::cols(["part"]));
        }
        frame
    }
}
