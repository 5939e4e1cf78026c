//! Which runs of an hour become one.

/// How many times larger the runs of a level are than those of the one below.
const GROWTH: u64 = 4;

/// The level of a run of so many ids.
fn level(ids: u64) -> u32 {
    ids.max(1).ilog(GROWTH)
}

/// How many of an hour's runs a new one of so many ids swallows. `runs` are their numbers of ids, in ascending order:
/// all that are of its level or below, if with it they are [`GROWTH`] or more; then the same with what it has become.
pub(in crate::store) fn swallowed(runs: &[u64], new_ids: u64) -> usize {
    let (mut swallowed, mut ids) = (0, new_ids);
    loop {
        let reached = runs.partition_point(|run| level(*run) <= level(ids));
        if ((reached - swallowed) as u64) < GROWTH - 1 {
            return swallowed;
        }
        ids += runs[swallowed..reached].iter().sum::<u64>();
        swallowed = reached;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What an hour's runs are after these batches, and how many ids were written in all.
    fn after(batches: &[u64]) -> (Vec<u64>, u64) {
        let (mut runs, mut written) = (Vec::new(), 0);
        for &batch in batches {
            let count = swallowed(&runs, batch);
            let ids = batch + runs.drain(..count).sum::<u64>();
            written += ids;
            runs.insert(runs.partition_point(|run| *run < ids), ids);
        }
        (runs, written)
    }

    #[test]
    fn four_runs_of_a_size_are_one() {
        assert_eq!(after(&[250; 3]).0, [250, 250, 250]);
        assert_eq!(after(&[250; 4]).0, [1000]);
        assert_eq!(after(&[250; 15]).0, [250, 250, 250, 1000, 1000, 1000]);
        // Each fourth batch is written with three before it, the last with all.
        assert_eq!(after(&[250; 16]), (vec![4000], 250 * (3 * (3 + 4) + 3 + 16)));
    }

    #[test]
    fn a_large_batch_takes_in_what_is_smaller_but_only_if_there_is_enough_of_it() {
        assert_eq!(swallowed(&[1, 9, 80], 1_000_000), 3);
        assert_eq!(swallowed(&[1, 9], 1_000_000), 0);
    }

    proptest! {
        #[test]
        fn an_hour_has_few_runs_and_writes_an_id_seldom(batches in prop::collection::vec(1..300_000_u64, 1..400)) {
            let (runs, written) = after(&batches);
            let ids: u64 = batches.iter().sum();
            prop_assert_eq!(runs.iter().sum::<u64>(), ids);
            let levels = u64::from(level(ids)) + 1;
            prop_assert!(runs.len() as u64 <= (GROWTH - 1) * levels, "{} runs of {} ids", runs.len(), ids);
            prop_assert!(written <= ids * (levels + 1), "{} ids were written {} times", ids, written / ids);
        }
    }
}
