//! Minute by minute: draws the calls, counts them, posts their records, has the due objects written.

use std::path::Path;

use super::agenda::{Agenda, is_born};
use super::delivery::{Delivery, Event, What, folder};
use super::error::SynthError;
use super::incident::Incident;
use super::lifecycle::Lifecycle;
use super::options::SynthOptions;
use super::random::{Chance, mix};
use super::season::{Seasons, second_of_minute};
use super::summary::{SynthProgress, SynthSummary};
use super::template::civil;
use super::threads::{Job, MakeError, Stopped, write_with_threads};
use super::truth::{Table, Truth, time};
use super::world::World;

/// Makes a trail in `out`, which must be empty or not yet be, and its truth in `out/truth`. The same options give the
/// same bytes. `progress` is told after every simulated hour.
pub fn generate(
    options: &SynthOptions,
    out: &Path,
    progress: &mut dyn FnMut(SynthProgress),
) -> Result<SynthSummary, SynthError> {
    options.check()?;
    let mut chance = Chance::new(options.seed, 0);
    let (world, incidents) = World::new(options, &mut chance)?;
    let truth_folder = out.join("truth");
    match std::fs::read_dir(out).map(|mut entries| entries.next().is_some()) {
        Ok(true) => return Err(SynthError::NotEmpty(out.to_owned())),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(SynthError::writing(out)(error)),
        _ => {}
    }
    std::fs::create_dir_all(&truth_folder).map_err(SynthError::writing(&truth_folder))?;
    let maker = Maker::new(options, &world, incidents, chance, &truth_folder)?;
    let summary = write_with_threads(options, &world, out, |write| maker.run(write, progress))?;
    summary.write(&truth_folder)?;
    Ok(summary)
}

/// Numbers the events: each gets a number of its own, which looks like chance.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mix(self.0)
    }
}

struct Maker<'a> {
    options: &'a SynthOptions,
    world: &'a World,
    incidents: Vec<Incident>,
    chance: Chance,
    numbers: Numbers,
    seasons: Seasons,
    truth: Truth,
    lifecycle: Lifecycle,
    delivery: Delivery,
    kms_records: u64,
    digests: u64,
    truth_folder: &'a Path,
}

impl<'a> Maker<'a> {
    fn new(
        options: &'a SynthOptions,
        world: &'a World,
        incidents: Vec<Incident>,
        mut chance: Chance,
        truth_folder: &'a Path,
    ) -> Result<Self, SynthError> {
        let (start, _) = options.minutes()?;
        let agenda = Agenda::new(&world.population, start * 60, Chance::new(options.seed, 1));
        let table = Table::new(truth_folder, "lifecycle.csv", "event_id,time,event_name,key_arn")?;
        Ok(Self {
            options,
            world,
            incidents,
            numbers: Numbers(chance.bits()),
            chance,
            seasons: Seasons::new(),
            truth: Truth::new(truth_folder, world)?,
            lifecycle: Lifecycle::new(agenda, table, world),
            delivery: Delivery::new(options, Chance::new(options.seed, 2)),
            kms_records: 0,
            digests: 0,
            truth_folder,
        })
    }

    fn run(
        mut self,
        write: &mut dyn FnMut(Job) -> Result<(), Stopped>,
        progress: &mut dyn FnMut(SynthProgress),
    ) -> Result<SynthSummary, MakeError> {
        let (start, end) = self.options.minutes()?;
        let world = self.world;
        for minute in start..end {
            let minute_start = minute * 60;
            self.draw_minute(minute, minute == start);
            self.draw_incidents(minute);
            if self.options.lifecycle {
                self.take_steps(minute_start, (start * 60, end * 60))?;
            }
            self.truth.close_minute(world, minute_start)?;
            self.delivery.deliver(minute_start + 60, &world.population, |object| write(Job::Object(object)))?;
            let ended = minute + 1;
            if self.options.digests && ended.is_multiple_of(60) {
                self.write_digests(ended * 60, write)?;
            }
            if (ended - start).is_multiple_of(60) || ended == end {
                let (seconds, total_seconds) = (u64::from(ended - start) * 60, u64::from(end - start) * 60);
                let (records, calls) = (self.delivery.posted.records, self.truth.calls);
                progress(SynthProgress { seconds, total_seconds, records, calls });
            }
        }
        self.delivery.deliver(u32::MAX, &world.population, |object| write(Job::Object(object)))?;
        debug_assert!(self.delivery.is_empty(), "the last boundary is delivered");
        let posted = self.delivery.posted;
        let (calls, successful_calls) = (self.truth.calls, self.truth.successful);
        self.truth.finish(self.truth_folder, world, &self.incidents)?;
        let lifecycle_records = self.lifecycle.finish()?;
        Ok(SynthSummary {
            seed: self.options.seed,
            objects: 0,
            objects_repeated: posted.objects_again,
            digests: self.digests,
            records: 0,
            distinct_records: posted.records - posted.repeated,
            kms_records: self.kms_records,
            records_repeated: posted.repeated,
            records_late: posted.late,
            calls,
            successful_calls,
            lifecycle_records,
            gzip_bytes: 0,
            raw_bytes: 0,
            most_waiting: posted.most_waiting,
            options: self.options.clone(),
        })
    }

    fn draw_minute(&mut self, minute: u32, first: bool) {
        let world = self.world;
        for (at, source) in world.sources.iter().enumerate() {
            // A key that is being created in this minute isn't used yet.
            let unborn = first && self.options.lifecycle && at < world.population.used && is_born(at);
            let mean = source.per_minute * self.seasons.factor(source.rhythm, minute);
            let count = self.chance.overdispersed(mean, source.shape);
            for _ in 0..if unborn { 0 } else { count } {
                let flow = source.draw(&mut self.chance);
                let second = second_of_minute(source.rhythm, minute, &mut self.chance);
                self.happen(flow, minute * 60 + second);
            }
        }
    }

    fn draw_incidents(&mut self, minute: u32) {
        for at in 0..self.incidents.len() {
            let Incident { key, start, end, factor, flow, .. } = self.incidents[at];
            let share = self.incidents[at].share_of_minute(minute * 60);
            if share == 0.0 {
                continue;
            }
            // At least a quarter of the usual mean, so that a runaway in a quiet hour is one too.
            let season = self.seasons.factor(self.world.sources[key].rhythm, minute).max(0.25);
            let excess = (factor - 1.0) * self.world.decrypts_per_minute(key) * season * share;
            let count = self.chance.overdispersed(excess, 50.0);
            let (from, to) = (start.max(minute * 60), end.min(minute * 60 + 60));
            for _ in 0..count {
                let second = from + self.chance.below(to - from);
                self.happen(flow, second);
            }
            self.incidents[at].excess += u64::from(count);
        }
    }

    /// An event of a flow: counted once, posted to every trail that has it.
    fn happen(&mut self, at: usize, second: u32) {
        let draw = self.numbers.next();
        let flow = &self.world.flows[at];
        let ending = flow.ending(draw);
        self.truth.count(self.world, at, ending, second);
        let generation = |key: Option<usize>| key.map_or(0, |key| self.lifecycle.generations[key]);
        let generations = [generation(flow.source), generation(flow.destination)];
        let number = u32::try_from(at).expect("there are fewer than four thousand million flows");
        for (copy, &lane) in (0_u8..).zip(&flow.lanes[..flow.copies(ending)]) {
            self.kms_records += u64::from(!flow.pool.is_empty());
            self.delivery.post(lane, Event { second, what: What::Call { flow: number, copy, generations, draw } });
        }
    }

    fn take_steps(&mut self, minute_start: u32, (start, end): (u32, u32)) -> Result<(), SynthError> {
        if (minute_start - start).is_multiple_of(86_400) {
            self.lifecycle.plan_day(self.world, minute_start, end);
        }
        let numbers = &mut self.numbers;
        let second = minute_start + 60;
        self.kms_records +=
            self.lifecycle.take_steps(self.world, second, || numbers.next(), &mut self.truth, &mut self.delivery)?;
        Ok(())
    }

    /// Hourly digests, one an account and Region, which list no files.
    fn write_digests(
        &mut self,
        hour_end: u32,
        write: &mut dyn FnMut(Job) -> Result<(), Stopped>,
    ) -> Result<(), Stopped> {
        let population = &self.world.population;
        for lane in 0..population.lanes() {
            let (account, region) = population.of_lane(lane);
            let (year, month, day) = civil(hour_end / 86_400);
            let hour = hour_end % 86_400 / 3600;
            let home = population.regions[0];
            let name = format!(
                "{account}_CloudTrail-Digest_{region}_management_{home}_{year:04}{month:02}{day:02}T{hour:02}0000Z\
                 .json.gz"
            );
            let folder = folder(population, self.options.organization, lane, "CloudTrail-Digest", hour_end / 86_400);
            let path = folder.join(name);
            let text = format!(
                "{{\"awsAccountId\":\"{account}\",\"digestStartTime\":\"{}\",\"digestEndTime\":\"{}\",\
                 \"digestS3Bucket\":\"trail\",\"digestS3Object\":\"{}\",\"digestPublicKeyFingerprint\":null,\
                 \"digestSignatureAlgorithm\":\"SHA256withRSA\",\"newestEventTime\":null,\"oldestEventTime\":null,\
                 \"previousDigestS3Bucket\":null,\"previousDigestS3Object\":null,\"previousDigestHashValue\":null,\
                 \"previousDigestHashAlgorithm\":null,\"previousDigestSignature\":null,\"logFiles\":[]}}",
                time(hour_end - 3600),
                time(hour_end),
                path.display()
            );
            write(Job::Digest(path, text))?;
            self.digests += 1;
        }
        Ok(())
    }
}
