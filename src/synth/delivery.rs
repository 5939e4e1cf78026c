//! From events to log objects: what is delivered when, together with what, and under which name.
//!
//! CloudTrail stamps objects with the delivery's five-minute boundary. An event waits for the first boundary that its
//! latency lets it reach, so no more is held than the events of about ten minutes, and those drawn to come late.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::options::SynthOptions;
use super::population::Population;
use super::random::Chance;
use super::template::civil;

/// Seconds between deliveries.
const INTERVAL: u32 = 300;

/// An event that waits for its delivery.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// When it happened, in seconds since 1970.
    pub second: u32,
    /// What it was.
    pub what: What,
}

/// What an event was: enough to write its record.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// A call of a flow.
    Call {
        /// The flow, as an index.
        flow: u32,
        /// Whose copy: the place in the flow's lanes.
        copy: u8,
        /// Rotations of the source's and the destination's material so far.
        generations: [u8; 2],
        /// The event's own number.
        draw: u64,
    },
    /// A record made already.
    Text(Box<str>),
}

/// An object to be written.
#[derive(Debug)]
pub(super) struct Object {
    /// Where, below the output folder.
    pub path: PathBuf,
    /// Where once more, if it is delivered twice.
    pub again: Option<PathBuf>,
    /// Its events in the order of their time.
    pub events: Vec<Event>,
}

/// What has been posted and delivered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Posted {
    /// Records posted, repeats included.
    pub records: u64,
    /// Records repeated in another object.
    pub repeated: u64,
    /// Records delivered hours late.
    pub late: u64,
    /// Objects delivered a second time.
    pub objects_again: u64,
    /// The most events that ever waited.
    pub most_waiting: usize,
}

/// The events under way.
pub(super) struct Delivery {
    waiting: BTreeMap<(u32, usize), Vec<Event>>,
    count: usize,
    chance: Chance,
    duplicate_share: f64,
    late_share: f64,
    organization: bool,
    /// What was posted so far.
    pub posted: Posted,
}

impl Delivery {
    /// Nothing is under way.
    pub(super) fn new(options: &SynthOptions, chance: Chance) -> Self {
        Self {
            waiting: BTreeMap::new(),
            count: 0,
            chance,
            duplicate_share: options.duplicate_share,
            late_share: options.late_share,
            organization: options.organization,
            posted: Posted::default(),
        }
    }

    /// Posts an event to a lane.
    pub(super) fn post(&mut self, lane: usize, event: Event) {
        // Latency before the boundary: exponential, as measured on a public trail (p50 of the whole delay 3.4 min,
        // p99 8.4, none above 10).
        let mut latency = (90.0 * self.chance.exponential(3.2)) as u32;
        let draw = self.chance.bits();
        let unit = |bits: u64| (bits & 0xFF_FFFF) as f64 / f64::from(0x100_0000);
        if unit(draw) < self.late_share {
            latency += 1800 + self.chance.below(6 * 3600);
            self.posted.late += 1;
        }
        if unit(draw >> 24) < self.duplicate_share {
            let again = latency + INTERVAL * (1 + self.chance.below(12));
            self.put(lane, event.second + again, event.clone());
            self.posted.repeated += 1;
        }
        let reaches = event.second + latency;
        self.put(lane, reaches, event);
        self.posted.most_waiting = self.posted.most_waiting.max(self.count);
    }

    fn put(&mut self, lane: usize, reaches: u32, event: Event) {
        let boundary = (reaches / INTERVAL + 1) * INTERVAL;
        self.waiting.entry((boundary, lane)).or_default().push(event);
        self.count += 1;
        self.posted.records += 1;
    }

    /// Delivers what is due at the boundaries up to `second`: hands each object to `write`.
    pub(super) fn deliver<E>(
        &mut self,
        second: u32,
        population: &Population,
        mut write: impl FnMut(Object) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(entry) = self.waiting.first_entry() {
            let (boundary, lane) = *entry.key();
            if boundary > second {
                break;
            }
            let mut events = entry.remove();
            self.count -= events.len();
            events.sort_by_key(|event| event.second);
            // A few hundred records an object; very busy accounts have fewer and larger objects.
            let limit = (events.len() / 20).clamp(200, 4000) + self.chance.index(250);
            let parts = events.len().div_ceil(limit);
            let size = events.len().div_ceil(parts);
            while !events.is_empty() {
                let rest = events.split_off(size.min(events.len()));
                let path = self.path(lane, boundary, population);
                let twice = self.chance.happens(self.duplicate_share);
                let again = twice.then(|| self.path(lane, boundary + INTERVAL, population));
                self.posted.objects_again += u64::from(twice);
                write(Object { path, again, events })?;
                events = rest;
            }
        }
        Ok(())
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn path(&mut self, lane: usize, boundary: u32, population: &Population) -> PathBuf {
        const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let unique: String = (0..16).map(|_| char::from(LETTERS[self.chance.index(62)])).collect();
        let (account, region) = population.of_lane(lane);
        let (year, month, day) = civil(boundary / 86_400);
        let (hour, minute) = (boundary % 86_400 / 3600, boundary % 3600 / 60);
        let name =
            format!("{account}_CloudTrail_{region}_{year:04}{month:02}{day:02}T{hour:02}{minute:02}Z_{unique}.json.gz");
        folder(population, self.organization, lane, "CloudTrail", boundary / 86_400).join(name)
    }
}

/// The folder of a lane's objects of a kind and day.
pub(super) fn folder(population: &Population, organization: bool, lane: usize, kind: &str, day: u32) -> PathBuf {
    let (account, region) = population.of_lane(lane);
    let (year, month, day) = civil(day);
    let mut path = PathBuf::from("AWSLogs");
    if organization {
        path.push(&population.organization);
    }
    path.push(format!("{account}/{kind}/{region}/{year:04}/{month:02}/{day:02}"));
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_those_measured_on_a_real_trail() {
        let options = SynthOptions { duplicate_share: 0.0, late_share: 0.0, ..SynthOptions::default() };
        let population = Population::new(&options, &mut Chance::new(1, 0));
        let mut delivery = Delivery::new(&options, Chance::new(1, 1));
        let start = 1_767_571_200;
        for second in start..start + 30_000 {
            delivery.post(0, Event { second, what: What::Text("".into()) });
        }
        let mut delays: Vec<u32> = Vec::new();
        for ((boundary, _), events) in &delivery.waiting {
            delays.extend(events.iter().map(|event| boundary - event.second));
        }
        delays.sort_unstable();
        let minutes = |share: f64| f64::from(delays[(share * (delays.len() - 1) as f64) as usize]) / 60.0;
        // Measured: p50 3.4 min, p90 7.0, p99 8.4, at most 9.9.
        assert!((3.0..4.2).contains(&minutes(0.5)), "{}", minutes(0.5));
        assert!((6.0..7.6).contains(&minutes(0.9)), "{}", minutes(0.9));
        assert!((7.8..9.6).contains(&minutes(0.99)), "{}", minutes(0.99));
        assert!(minutes(1.0) < 10.0, "{}", minutes(1.0));
        assert!(delays[0] > 0);
        assert!(delivery.deliver(u32::MAX, &population, |_| Ok::<(), ()>(())).is_ok());
        assert!(delivery.is_empty());
    }
}
