use super::fleet::Sighting;
use super::incidents::AskCallers;
use super::replay::replay;
use super::*;
struct Nobody;
impl AskCallers for Nobody {
    fn callers(&mut self, _: &Sighting) -> Result<Vec<String>, WatchError> {
        Ok(vec![])
    }
}
#[test]
fn look() {
    let Ok(dir) = std::env::var("LOOK") else { return };
    let store = crate::store::Store::open_for_reading(std::path::Path::new(&dir)).unwrap();
    let settings = WatchSettings {
        false_pages_per_week: std::env::var("PAGES").map_or(1.0, |p| p.parse().unwrap()),
        ..WatchSettings::default()
    };
    let t = std::time::Instant::now();
    let counts = store.counts();
    let range =
        crate::domain::MinuteRange { start: crate::domain::Minute(0), end: store.status().unwrap().watermark.unwrap() };
    let (found, n) = replay(&counts, &settings, range, &mut Nobody).unwrap();
    println!("{} series, {} incidents, {:?}", n, found.len(), t.elapsed());
    for i in found {
        let s = &i.series[0];
        println!(
            "{:3} {} .. {} n={} {} {} {} obs {} exp {:.0}",
            i.number,
            crate::domain::format_second(i.onset),
            i.resolved_at.map(crate::domain::format_second).unwrap_or_default(),
            i.series.len(),
            &s.key_arn[s.key_arn.len() - 12..],
            s.operation,
            s.metric,
            s.observed,
            s.expected
        );
    }
}
