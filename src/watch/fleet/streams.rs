//! Streams: the log files of one account in one Region, as CloudTrail delivers them. Where a stream stops, its series
//! are missing, not zero.

use std::collections::HashMap;

use crate::domain::{Arn, Minute, MinuteRange};
use crate::store::{Deliveries, WATERMARK_MINUTES};

/// Of less than this that was expected in a period, none may come by chance.
const SILENCE_CALLS: f64 = 12.0;

/// Names tell of a stream that had so many files in the hour before; a busy stream has twelve.
const FILES_AN_HOUR: usize = 4;
const HOUR_MINUTES: u32 = 60;

/// What a file tells of may end so many minutes before the time in its name: one that was delivered after a period may
/// tell of what was before it alone.
const FILE_LAG_MINUTES: u32 = 10;

/// So long it is known when a stream did not come: as long as anything is learned from.
const KNOWN_MINUTES: u32 = 42 * Minute::PER_DAY;

/// Where a stream that its files' names tell of has stopped, less than this part of what was expected is what other
/// accounts' files tell of its keys. More is what came late.
const FOREIGN_SHARE: f64 = 0.5;

/// The log files of an account in a Region.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::watch) struct Stream {
    /// The account that owns the keys, and records what is done with them.
    pub account: String,
    /// The Region.
    pub region: String,
    /// Calls that were expected of its series in the period before.
    pub expected: f64,
    /// The first minute of the first period that did not come.
    pub silent_since: Option<Minute>,
    /// What did not come, ascending and apart.
    pub missed: Vec<MinuteRange>,
}

impl Stream {
    /// One of which nothing is known.
    fn new(account: &str, region: &str) -> Self {
        let (account, region) = (account.to_owned(), region.to_owned());
        Stream { account, region, expected: 0.0, silent_since: None, missed: Vec::new() }
    }

    /// Since when it has not come, up to a minute.
    fn missing_since(&self, until: Minute) -> Option<Minute> {
        self.missed.last().filter(|last| last.end == until).map(|last| last.start)
    }

    /// Takes note that a period did not come.
    fn miss(&mut self, period: MinuteRange) {
        let oldest = period.end.0.saturating_sub(KNOWN_MINUTES);
        self.missed.retain(|missed| missed.end.0 > oldest);
        match self.missed.last_mut() {
            Some(last) if last.end == period.start => last.end = period.end,
            _ => self.missed.push(period),
        }
    }
}

/// Every stream.
#[derive(Clone, Default)]
pub(in crate::watch) struct Streams {
    all: Vec<Stream>,
    places: HashMap<(String, String), usize>,
}

impl Streams {
    /// The place of a key's stream.
    pub(super) fn of_key(&mut self, key_arn: &str) -> usize {
        let (account, region) = Arn::parse(key_arn).map_or(("", ""), |arn| (arn.account, arn.region));
        let name = (account.to_owned(), region.to_owned());
        match self.places.get(&name) {
            Some(place) => *place,
            None => self.add(Stream::new(account, region)),
        }
    }

    /// Adds a stream, or puts it in the place of the one with its name; its place.
    pub(in crate::watch) fn add(&mut self, stream: Stream) -> usize {
        let place = *self.places.entry((stream.account.clone(), stream.region.clone())).or_insert(self.all.len());
        match self.all.get_mut(place) {
            Some(known) => *known = stream,
            None => self.all.push(stream),
        }
        place
    }

    pub(super) fn all(&self) -> &[Stream] {
        &self.all
    }

    /// Sets what was expected of each stream.
    pub(super) fn expect(&mut self, expected: &[f64]) {
        for (stream, expected) in self.all.iter_mut().zip(expected) {
            stream.expected = *expected;
        }
    }

    /// When log files that keys' calls are in did not come, from a second on: ranges of seconds, ascending and apart.
    fn missed<'k>(&self, keys: impl Iterator<Item = &'k str>, from: i64) -> Vec<(i64, i64)> {
        let place = |key: &'k str| {
            let arn = Arn::parse(key)?;
            self.places.get(&(arn.account.to_owned(), arn.region.to_owned())).copied()
        };
        let mut places: Vec<usize> = keys.filter_map(place).collect();
        places.sort_unstable();
        places.dedup();
        let all = places.iter().flat_map(|place| &self.all[*place].missed);
        let seconds = all.map(|range| (i64::from(range.start.0) * 60, i64::from(range.end.0) * 60));
        let mut ranges: Vec<(i64, i64)> =
            seconds.filter(|(_, end)| *end > from).map(|(start, end)| (start.max(from), end)).collect();
        ranges.sort_unstable();
        ranges.dedup_by(|later, sooner| {
            let touches = later.0 <= sooner.1;
            sooner.1 = if touches { sooner.1.max(later.1) } else { sooner.1 };
            touches
        });
        ranges
    }

    /// For how many seconds of a span log files that keys' calls are in did not come.
    pub(in crate::watch) fn missed_seconds<'k>(
        &self,
        keys: impl Iterator<Item = &'k str>,
        from: i64,
        until: i64,
    ) -> i64 {
        self.missed(keys, from).into_iter().map(|(start, end)| (end.min(until) - start).max(0)).sum()
    }

    /// From which second on all log files that keys' calls are in came, not before another: that one, or the end of
    /// the time around it in which they did not.
    pub(in crate::watch) fn come_again_at<'k>(&self, keys: impl Iterator<Item = &'k str>, from: i64) -> i64 {
        self.missed(keys, from).first().filter(|(start, _)| *start == from).map_or(from, |(_, end)| *end)
    }

    /// Forgets that streams are silent of which no series is left.
    pub(super) fn forget(&mut self, is_empty: impl Fn(usize) -> bool) {
        for (_, stream) in self.all.iter_mut().enumerate().filter(|(place, _)| is_empty(*place)) {
            (stream.expected, stream.silent_since) = (0.0, None);
        }
    }

    /// From which delivery on the names of files must be known to judge the periods from a minute on.
    pub(super) fn deliveries_from(&self, until: Minute) -> Minute {
        let missing = self.all.iter().filter_map(|stream| stream.missing_since(until)).min();
        Minute(missing.unwrap_or(until).0.saturating_sub(HOUR_MINUTES))
    }

    /// Whether files were delivered, as their names say, at times of a range in which their stream was taken for
    /// missing; the last files before it stopped apart. Periods have so many minutes.
    pub(super) fn has_filled(&self, deliveries: &Deliveries, range: MinuteRange, period: u32) -> bool {
        let is_filled = |stream: &Stream, missed: &MinuteRange| {
            let start = Minute(missed.start.0 + period + FILE_LAG_MINUTES).max(range.start);
            let inside = MinuteRange { start, end: missed.end.min(range.end) };
            deliveries.count(&stream.account, &stream.region, inside) > 0
        };
        self.all.iter().any(|stream| stream.missed.iter().any(|missed| is_filled(stream, missed)))
    }

    /// Judges which streams did not come in a range, by the calls of each: in a period of so many minutes, or as much
    /// of it as there is.
    ///
    /// A stream has come if a file was delivered after the range's end, as its name says: where nothing or little came,
    /// so long after it that the file tells of the range. The first files after a silence tell nothing of it however
    /// late they are: there one must have been delivered before the range's end too. Else the stream has stopped if
    /// much was expected and nothing came; or next to nothing, where names had told of its files until then. Where
    /// nothing came of all streams together, none has come of which no file did.
    pub(super) fn judge(
        &mut self,
        range: MinuteRange,
        period: u32,
        calls: &[u64],
        deliveries: &Deliveries,
    ) -> Vec<bool> {
        let length = range.end.0 - range.start.0;
        let part = (f64::from(length) / f64::from(period)).min(1.0);
        let expected: f64 = self.all.iter().map(|stream| stream.expected * part).sum();
        let all_silent = expected > SILENCE_CALLS && calls.iter().all(|calls| *calls == 0);
        let mut missing = Vec::with_capacity(self.all.len());
        for (stream, &calls) in self.all.iter_mut().zip(calls) {
            let files = |start: u32, end: u32| {
                let range = MinuteRange { start: Minute(start), end: Minute(end) };
                deliveries.count(&stream.account, &stream.region, range)
            };
            // Calls of a period are far below 2^53.
            let is_little = calls == 0 || (calls as f64) < FOREIGN_SHARE * stream.expected * part;
            let lag = if is_little { FILE_LAG_MINUTES } else { 0 };
            // A stream that stops within a period has its last file so long after the period's end at most.
            let has_resumed = |since: Minute| files(since.0 + period + FILE_LAG_MINUTES, range.end.0) > 0;
            let tells = !is_little || stream.missing_since(range.start).is_none_or(has_resumed);
            let has_come = tells && files(range.end.0 + lag, range.end.0 + WATERMARK_MINUTES) > 0;
            let begun = stream.silent_since.unwrap_or(range.start).0;
            let is_named = || files(begun.saturating_sub(HOUR_MINUTES), begun + length) >= FILES_AN_HOUR;
            // Names tell in a part of a period what calls tell in all of it.
            let is_busy = stream.expected * part > SILENCE_CALLS
                || stream.silent_since.is_some()
                || stream.expected > SILENCE_CALLS && is_named();
            let has_stopped = !has_come && is_busy && (calls == 0 || is_little && is_named());
            stream.silent_since = has_stopped.then_some(Minute(begun));
            let is_missing = has_stopped || all_silent && !has_come;
            if is_missing {
                stream.miss(range);
            }
            missing.push(is_missing);
        }
        missing
    }
}
