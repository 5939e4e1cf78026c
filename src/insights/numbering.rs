//! Members of a metric's axes to the numbers of their groups, by place in a list: counts are read by the million.

use polars::prelude::PolarsResult;

use super::matching::Part;

/// Which groups the members of each axis are in. There are one or two axes.
pub(super) struct Numbering {
    axes: Vec<AxisParts>,
}

/// The parts of an axis' members.
struct AxisParts {
    column: &'static str,
    /// Where each member's parts begin in `parts`; they end where the next one's begin.
    begins: Vec<u32>,
    parts: Vec<u32>,
    /// How many groups there are for each part.
    stride: u64,
}

impl AxisParts {
    fn of(part: &Part, stride: u64) -> PolarsResult<Self> {
        let members = part.map.column(part.column)?.u32()?;
        let numbers = part.map.column("part")?.u32()?;
        let members_max = members.iter().flatten().max().map_or(0, |last| last as usize + 1);
        let mut begins = vec![0_u32; members_max + 1];
        for member in members.iter().flatten() {
            begins[member as usize + 1] += 1;
        }
        for member in 0..members_max {
            begins[member + 1] += begins[member];
        }
        let mut parts = vec![0; members.len()];
        let mut next = begins.clone();
        for (member, number) in members.iter().flatten().zip(numbers.iter().flatten()) {
            let place = &mut next[member as usize];
            parts[*place as usize] = number;
            *place += 1;
        }
        Ok(Self { column: part.column, begins, parts, stride })
    }

    /// The parts of a member: none if it doesn't match.
    fn parts_of(&self, member: u32) -> &[u32] {
        let bound = |at: usize| self.begins.get(at).map(|begin| *begin as usize);
        match (bound(member as usize), bound(member as usize + 1)) {
            (Some(begin), Some(end)) => &self.parts[begin..end],
            _ => &[],
        }
    }
}

impl Numbering {
    /// Of the parts of each axis, with how many groups there are for each part of it.
    pub(super) fn of<'p>(parts: impl Iterator<Item = (&'p Part, u64)>) -> PolarsResult<Self> {
        let axes = parts.map(|(part, stride)| AxisParts::of(part, stride)).collect::<PolarsResult<_>>()?;
        Ok(Self { axes })
    }

    /// The columns that tell the members.
    pub(super) fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.axes.iter().map(|axis| axis.column)
    }

    /// Tells the groups of each row: `members` has a column for each axis.
    pub(super) fn each_group(&self, members: &[&[u32]], mut each: impl FnMut(usize, u64)) {
        match (self.axes.as_slice(), members) {
            ([axis], [members]) => {
                for (row, member) in members.iter().enumerate() {
                    axis.parts_of(*member).iter().for_each(|part| each(row, u64::from(*part) * axis.stride));
                }
            }
            ([first, second], [of_first, of_second]) => {
                for (row, (a, b)) in of_first.iter().zip(*of_second).enumerate() {
                    for part in first.parts_of(*a) {
                        let group = u64::from(*part) * first.stride;
                        let of_both = second.parts_of(*b).iter();
                        of_both.for_each(|part| each(row, group + u64::from(*part) * second.stride));
                    }
                }
            }
            _ => unreachable!("a metric has one axis or two, and a column for each"),
        }
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::df;

    use super::*;

    fn part(column: &'static str, members: &[u32], numbers: &[u32], parts: u32) -> Part {
        let map = df!(column => members, "part" => numbers).unwrap();
        Part { column, map, names: df!("part" => (0..parts).collect::<Vec<_>>()).unwrap() }
    }

    fn groups(numbering: &Numbering, members: &[&[u32]]) -> Vec<(usize, u64)> {
        let mut groups = Vec::new();
        numbering.each_group(members, |row, group| groups.push((row, group)));
        groups
    }

    #[test]
    fn a_member_is_in_all_its_groups_and_one_that_does_not_match_in_none() {
        let series = part("series", &[3, 0, 3], &[1, 0, 2], 3);
        let numbering = Numbering::of([(&series, 1)].into_iter()).unwrap();
        assert_eq!(groups(&numbering, &[&[0, 1, 3, 4, 900]]), [(0, 0), (2, 1), (2, 2)]);
    }

    #[test]
    fn groups_of_two_axes_are_pairs_of_their_parts() {
        let (callers, series) = (part("caller", &[0, 1], &[4, 5], 6), part("series", &[0, 1, 1], &[0, 0, 1], 2));
        let numbering = Numbering::of([(&callers, 2), (&series, 1)].into_iter()).unwrap();
        assert_eq!(groups(&numbering, &[&[0, 1, 2], &[0, 1, 1]]), [(0, 8), (1, 10), (1, 11)]);
    }
}
