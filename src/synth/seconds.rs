//! Requests by quota pool and second: the total, and the busiest second.

use std::collections::HashMap;
use std::path::Path;

use super::error::SynthError;
use super::truth::{Table, time};
use super::world::World;

#[derive(Clone)]
struct Pool {
    /// The open minute's requests by second, throttled ones apart.
    open: [u32; 60],
    is_open: bool,
    open_throttled: u32,
    requests: u64,
    throttled: u64,
    peak: u32,
    peak_second: u32,
}

/// All pools.
pub(super) struct Pools {
    pools: Vec<Pool>,
    places: HashMap<(String, String, String), usize>,
    /// The pool of each flow, if it has one.
    of_flow: Vec<Option<usize>>,
    touched: Vec<usize>,
}

impl Pools {
    /// The pools of a world's flows.
    pub(super) fn new(world: &World) -> Self {
        let mut pools = Self { pools: Vec::new(), places: HashMap::new(), of_flow: Vec::new(), touched: Vec::new() };
        for flow in &world.flows {
            let place = (!flow.pool.is_empty()).then(|| {
                let (recipient, region) = world.population.of_lane(flow.lanes[0]);
                let account = world.callers.get(flow.caller).account;
                let account = account.map_or(recipient, |account| &world.population.accounts[account]);
                pools.place(account, region, &flow.pool)
            });
            pools.of_flow.push(place);
        }
        pools
    }

    fn place(&mut self, account: &str, region: &str, name: &str) -> usize {
        let next = self.pools.len();
        let id = (account.to_owned(), region.to_owned(), name.to_owned());
        let place = *self.places.entry(id).or_insert(next);
        if place == next {
            let (open, requests, throttled) = ([0; 60], 0, 0);
            let (peak, peak_second) = (0, 0);
            self.pools.push(Pool { open, is_open: false, open_throttled: 0, requests, throttled, peak, peak_second });
        }
        place
    }

    /// Counts a request of a flow.
    pub(super) fn count_flow(&mut self, flow: usize, second: u32, throttled: bool) {
        if let Some(place) = self.of_flow[flow] {
            self.count(place, second, throttled);
        }
    }

    /// Counts a request that no flow made.
    pub(super) fn count_request(&mut self, account: &str, region: &str, name: &str, second: u32) {
        let place = self.place(account, region, name);
        self.count(place, second, false);
    }

    fn count(&mut self, place: usize, second: u32, throttled: bool) {
        let pool = &mut self.pools[place];
        if !pool.is_open {
            pool.is_open = true;
            self.touched.push(place);
        }
        if throttled {
            pool.open_throttled += 1;
        } else {
            pool.open[(second % 60) as usize] += 1;
        }
    }

    /// Adds the open minute to the totals.
    pub(super) fn close_minute(&mut self, minute_start: u32) {
        for place in self.touched.drain(..) {
            let pool = &mut self.pools[place];
            for (second, requests) in (minute_start..).zip(pool.open) {
                pool.requests += u64::from(requests);
                if requests > pool.peak {
                    (pool.peak, pool.peak_second) = (requests, second);
                }
            }
            pool.throttled += u64::from(pool.open_throttled);
            pool.open = [0; 60];
            pool.is_open = false;
            pool.open_throttled = 0;
        }
    }

    /// Writes the totals. A pool of which every request was throttled has no peak.
    pub(super) fn finish(self, folder: &Path) -> Result<(), SynthError> {
        let header = "account,region,pool,requests,throttled,peak_second,peak_requests";
        let mut table = Table::new(folder, "seconds.csv", header)?;
        let mut places: Vec<_> = self.places.into_iter().collect();
        places.sort();
        for ((account, region, name), place) in places {
            let pool = &self.pools[place];
            if pool.requests + pool.throttled == 0 {
                continue;
            }
            let peak_second = if pool.peak > 0 { time(pool.peak_second) } else { String::new() };
            let (requests, throttled, peak) = (pool.requests, pool.throttled, pool.peak);
            table.line(&format!("{account},{region},{name},{requests},{throttled},{peak_second},{peak}"))?;
        }
        table.finish()
    }
}
