//! In which order composite alarms are evaluated: what one names comes before it.

use std::collections::HashMap;

/// The places of alarms, each after the alarms that it names. `children` gives for each place the places it depends
/// on. If some depend on each other in a circle, the error is one circle, first place again at its end.
pub fn order(children: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut ordered = Vec::with_capacity(children.len());
    let mut state: HashMap<usize, bool> = HashMap::new();
    for start in 0..children.len() {
        // An entry is a place and how many of its children were seen to.
        let mut path = vec![(start, 0)];
        if state.contains_key(&start) {
            continue;
        }
        state.insert(start, false);
        while let Some((place, next)) = path.last_mut() {
            let Some(&child) = children[*place].get(*next) else {
                state.insert(*place, true);
                ordered.push(*place);
                path.pop();
                continue;
            };
            *next += 1;
            match state.get(&child) {
                Some(true) => {}
                Some(false) => {
                    let from = path.iter().position(|(place, _)| *place == child).unwrap_or(0);
                    return Err(path[from..].iter().map(|(place, _)| *place).chain([child]).collect());
                }
                None => {
                    state.insert(child, false);
                    path.push((child, 0));
                }
            }
        }
    }
    Ok(ordered)
}
