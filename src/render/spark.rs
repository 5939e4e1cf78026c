//! Sparklines: a value over time in a few characters.

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A sparkline of `width` characters: neighbours are added up to fit, the largest is a full block, nothing is blank.
pub fn spark(values: &[u64], width: usize) -> String {
    let each = values.len().div_ceil(width.max(1)).max(1);
    let sums: Vec<u64> = values.chunks(each).map(|chunk| chunk.iter().sum()).collect();
    let largest = sums.iter().copied().max().unwrap_or(0);
    let level = |sum: u64| match sum > 0 {
        // The smallest value that isn't nothing still shows.
        true => LEVELS[((sum as f64 / largest as f64 * 8.0).ceil() as usize).clamp(1, 8) - 1],
        false => ' ',
    };
    sums.into_iter().map(level).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_a_full_block_and_nothing_is_blank() {
        assert_eq!(spark(&[0, 100, 400, 800, 1], 5), " ▁▄█▁");
        assert_eq!(spark(&[0, 0], 2), "  ");
        assert_eq!(spark(&[], 8), "");
    }

    #[test]
    fn neighbours_are_added_up_to_fit() {
        assert_eq!(spark(&[1, 1, 2, 2, 4, 4], 3), "▂▄█");
    }
}
