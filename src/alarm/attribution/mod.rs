//! Who makes up an excess: each caller against its own usual level.
//!
//! What enters are the calls of a window by caller, and those of the same time on earlier days; what leaves are shares
//! of the excess that add up to 1, the largest first. A caller counts when it strays beyond its own scatter, so that
//! busy callers which merely vary don't water down the one that runs away.

mod cost;
mod group;
mod level;
mod novelty;
mod windows;

pub use cost::{Priced, cost_per_hour};
pub use novelty::{KnownOfKey, SeenNow, novelties};
pub use windows::{UsualWindow, usual_windows};

use super::notice::Contribution;
use crate::domain::Caller;
use group::{BY, By, Groups};
use level::Level;

/// The calls of one window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallerWindow {
    /// Callers, as places in a list, and their calls. A caller may stand in several rows: they are added.
    pub calls: Vec<(u32, f64)>,
    /// Whether the window lies on a day of the same kind as today: a working day, or one of a weekend.
    pub like_today: bool,
}

/// Callers that are named, at most.
const NAMED_MAX: usize = 5;
/// What makes up less than this is not named.
const NAMED_SHARE_MIN: f64 = 0.01;
/// How many times its own scatter a caller must stray to count.
const SCATTERS: f64 = 4.0;
/// How much more of an excess a coarser view must explain to be preferred.
const COARSER_GAIN: f64 = 1.25;
/// An expectation is trusted to move usual levels by no more than this factor.
const EXPECTED_FACTOR_MAX: f64 = 2.0;
/// Fewer usual calls in a window than this say little about their level.
const USUAL_MIN: f64 = 16.0;

/// A window and what is known of its kind.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The callers that windows point to.
    pub callers: &'a [Caller],
    /// What happened.
    pub window: &'a CallerWindow,
    /// Earlier windows of the same length, without those of which nothing is stored.
    pub usual: &'a [CallerWindow],
    /// Whether calls are too few, rather than too many.
    pub shortfall: bool,
    /// Calls that were expected of all callers together, if there is a band over exactly this window: usual levels
    /// move with it.
    pub total_expected: Option<f64>,
}

/// Says who makes up the difference between a window and what is usual. Without earlier windows it is shared in
/// proportion to the calls.
///
/// Shares add up to 1. Excesses are negative in a shortfall. At most five callers are named; what others make
/// up comes last, without a name. Where many callers stray a little with something in common, the entries name only
/// that: the role through a service, the resource, or the account. Nothing is returned if nothing strays.
pub fn attribute(question: &Question<'_>) -> Vec<Contribution> {
    let views = BY.map(|by| View::of(by, question));
    let mut best = &views[0];
    for view in &views[1..] {
        if view.named_excess() > COARSER_GAIN * best.named_excess() {
            best = view;
        }
    }
    if best.named_excess() > 0.0 { best.contributions() } else { views[0].all_that_strays() }
}

/// The excess by one kind of group.
struct View {
    groups: Groups,
    /// Of each group the calls beyond its level, in the direction that is asked about.
    excess: Vec<f64>,
    /// The groups that stray beyond their scatter, the largest excess first.
    strayed: Vec<usize>,
    /// What all others together have beyond their scatter.
    others: f64,
    /// 1 if calls are too many, -1 in a shortfall.
    direction: f64,
}

impl View {
    fn of(by: By, question: &Question<'_>) -> View {
        let groups = Groups::of(by, question.callers);
        let now = groups.add_up(question.window);
        let before = earlier(&groups, question.usual);
        let (levels, factor) = levels(&before, &now, question.total_expected);
        let direction = if question.shortfall { -1.0 } else { 1.0 };
        let excess: Vec<f64> = now.iter().zip(&levels).map(|(now, level)| direction * (now - level.usual)).collect();
        let has_strayed: Vec<bool> =
            excess.iter().zip(&levels).map(|(excess, level)| *excess > SCATTERS * level.scatter()).collect();
        let others = excess_of_others(&before, &now, &has_strayed, factor, direction);
        let mut strayed: Vec<usize> = (0..now.len()).filter(|&group| has_strayed[group]).collect();
        strayed.sort_by(|&a, &b| excess[b].total_cmp(&excess[a]).then(a.cmp(&b)));
        View { groups, excess, strayed, others, direction }
    }

    /// The part of the excess that groups with a name make up.
    fn named_excess(&self) -> f64 {
        self.strayed.iter().take(NAMED_MAX).map(|&group| self.excess[group]).sum()
    }

    fn contributions(&self) -> Vec<Contribution> {
        self.shared(&self.strayed, self.others)
    }

    /// Where nothing strays beyond its scatter: all that strays at all.
    fn all_that_strays(&self) -> Vec<Contribution> {
        let mut groups: Vec<usize> = (0..self.excess.len()).filter(|&group| self.excess[group] > 0.0).collect();
        groups.sort_by(|&a, &b| self.excess[b].total_cmp(&self.excess[a]).then(a.cmp(&b)));
        self.shared(&groups, 0.0)
    }

    /// Groups in order of excess, and what comes on top without a name, as shares.
    fn shared(&self, groups: &[usize], nameless: f64) -> Vec<Contribution> {
        let total: f64 = groups.iter().map(|&group| self.excess[group]).sum::<f64>() + nameless;
        if total <= 0.0 {
            return Vec::new();
        }
        let worth_a_name = |&&group: &&usize| self.excess[group] >= NAMED_SHARE_MIN * total;
        let named: Vec<usize> = groups.iter().take(NAMED_MAX).take_while(worth_a_name).copied().collect();
        let rest = groups[named.len()..].iter().map(|&group| self.excess[group]).sum::<f64>() + nameless;
        let mut contributions: Vec<Contribution> = named
            .iter()
            .map(|&group| Contribution {
                excess: self.direction * self.excess[group],
                share: self.excess[group] / total,
                ..self.groups.named(group)
            })
            .collect();
        if rest > 0.0 {
            let excess = self.direction * rest;
            contributions.push(Contribution { excess, share: rest / total, ..group::nobody() });
        }
        // Rounded quotients may miss 1 by a hair; what is last makes up for it.
        if let Some((last, before)) = contributions.split_last_mut() {
            last.share = 1.0 - before.iter().map(|contribution| contribution.share).sum::<f64>();
        }
        contributions
    }
}

/// The calls of each group in each earlier window: on days of the same kind as today if there are enough, else on all.
fn earlier(groups: &Groups, usual: &[CallerWindow]) -> Vec<Vec<f64>> {
    let alike = usual.iter().filter(|window| window.like_today).count();
    let only_alike = alike >= level::WINDOWS_MIN;
    let chosen = usual.iter().filter(|window| window.like_today || !only_alike);
    chosen.map(|window| groups.add_up(window)).collect()
}

/// The level of each group today, and the factor by which an expectation moves what was before.
fn levels(before: &[Vec<f64>], now: &[f64], total_expected: Option<f64>) -> (Vec<Level>, f64) {
    let of_group = |group: usize| Level::of(before.iter().map(|window| window[group]).collect());
    let mut levels: Vec<Level> = (0..now.len()).map(of_group).collect();
    let factor = expected_factor(total_expected, &levels);
    levels.iter_mut().for_each(|level| level.usual *= factor);
    if let (true, Some(expected)) = (before.is_empty(), total_expected) {
        let observed: f64 = now.iter().sum();
        let share = if observed > 0.0 { expected / observed } else { 0.0 };
        levels.iter_mut().zip(now).for_each(|(level, now)| level.usual = now * share);
    }
    (levels, factor)
}

/// What the groups that don't stray have together beyond their common scatter, in a direction; 0 if nothing.
fn excess_of_others(before: &[Vec<f64>], now: &[f64], has_strayed: &[bool], factor: f64, direction: f64) -> f64 {
    let others = |window: &[f64]| -> f64 {
        window.iter().zip(has_strayed).filter(|(_, strayed)| !**strayed).map(|(calls, _)| calls).sum()
    };
    let mut level = Level::of(before.iter().map(|window| others(window)).collect());
    level.usual *= factor;
    let excess = direction * (others(now) - level.usual);
    let is_beyond = !before.is_empty() && excess > SCATTERS * level.scatter();
    if is_beyond { excess } else { 0.0 }
}

/// By how much today differs from what is usual, as far as an expectation can tell.
fn expected_factor(expected: Option<f64>, levels: &[Level]) -> f64 {
    let usual: f64 = levels.iter().map(|level| level.usual).sum();
    match expected {
        Some(expected) if usual >= USUAL_MIN => {
            (expected / usual).clamp(1.0 / EXPECTED_FACTOR_MAX, EXPECTED_FACTOR_MAX)
        }
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests;
