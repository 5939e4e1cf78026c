//! The fleet as a file of saved models, and back.

use std::collections::HashMap;

use super::streams::Stream;
use super::{Fleet, SeriesId};
use crate::band::Model;
use crate::domain::{Minute, MinuteRange};
use crate::store::{SavedModels, Store};
use crate::watch::error::WatchError;
use crate::watch::strayed::Counted;

/// Counts changes of what is saved, models' own form apart. What was saved in another form is learned anew.
pub(in crate::watch) const FORM: u32 = 3;

/// The name of what is saved of the streams. Series have longer ones.
const STREAMS: &str = "streams";

/// The name of what is saved of the series that can't be watched.
const BEYOND: &str = "beyond";

/// Before the name of a series of an incident: what was counted of it.
const COUNTED: &str = "counted ";

/// A stream as saved: account, Region, what was expected of it, the minute since which it is silent, the first minutes
/// of what did not come and those after.
type SavedStream = (String, String, f64, Option<u32>, Vec<(u32, u32)>);

/// What is saved before a model's bytes, little endian: the minutes of the last call and of its begin, calls astray.
type Before = ([u8; 4], [u8; 4], [u8; 8]);

fn split(bytes: &[u8]) -> Option<(Before, &[u8])> {
    let (last_call, bytes) = bytes.split_first_chunk::<4>()?;
    let (begun, bytes) = bytes.split_first_chunk::<4>()?;
    let (strayed, bytes) = bytes.split_first_chunk::<8>()?;
    Some(((*last_call, *begun, *strayed), bytes))
}

impl Fleet {
    /// Saves every model, what was expected of the streams, and what was counted of series of incidents. Counts may
    /// come as late as of a minute `back_to`.
    pub(in crate::watch) fn save(
        &self,
        store: &mut Store,
        back_to: Option<Minute>,
        counted: impl Iterator<Item = (SeriesId, Counted)>,
    ) -> Result<(), WatchError> {
        let streams = self.streams.all().iter();
        let saved = |of: &Stream| {
            let missed = of.missed.iter().map(|range| (range.start.0, range.end.0)).collect();
            let silent_since = of.silent_since.map(|minute| minute.0);
            (of.account.clone(), of.region.clone(), of.expected, silent_since, missed)
        };
        let streams: Vec<SavedStream> = streams.map(saved).collect();
        let streams = postcard::to_stdvec(&streams).map_err(std::io::Error::other);
        let models = self.series.iter().map(|watched| {
            let bytes = watched.model.to_bytes().map_err(std::io::Error::other)?;
            let (last_call, begun) = (watched.last_call.0.to_le_bytes(), watched.begun.0.to_le_bytes());
            let strayed = watched.strayed.to_le_bytes();
            Ok((watched.name.as_str(), [&last_call[..], &begun, &strayed, &bytes].concat()))
        });
        let beyond = postcard::to_stdvec(&self.beyond).map_err(std::io::Error::other);
        let whole = [streams.map(|streams| (STREAMS, streams)), beyond.map(|beyond| (BEYOND, beyond))];
        let counted: Vec<(String, Counted)> =
            counted.map(|(series, counted)| (format!("{COUNTED}{}", series.name()), counted)).collect();
        let counted = counted
            .iter()
            .map(|(name, counted)| Ok((name.as_str(), postcard::to_stdvec(counted).map_err(std::io::Error::other)?)));
        let all = whole.into_iter().chain(models).chain(counted);
        Ok(store.save_models(self.until, back_to, all)?)
    }

    /// Puts the models of a file in the place of those in hand. One that can't be read is begun anew. What was counted
    /// of series of incidents is returned.
    pub(in crate::watch) fn load(
        &mut self,
        store: &Store,
        saved: &SavedModels,
    ) -> Result<HashMap<SeriesId, Counted>, WatchError> {
        let mut of_incidents = HashMap::new();
        let mut fleet = Fleet::empty(self.settings.clone(), self.metrics.clone(), self.pages_per_week, self.series_max);
        fleet.until = saved.until;
        store.read_models(saved, |name, bytes| {
            if name == STREAMS {
                match postcard::from_bytes::<Vec<SavedStream>>(bytes) {
                    Ok(streams) => streams.into_iter().for_each(|(account, region, expected, silent_since, missed)| {
                        let silent_since = silent_since.map(Minute);
                        let range = |(start, end)| MinuteRange { start: Minute(start), end: Minute(end) };
                        let missed = missed.into_iter().map(range).collect();
                        fleet.streams.add(Stream { account, region, expected, silent_since, missed });
                    }),
                    Err(error) => tracing::warn!(%error, "what was expected of each account is learned anew"),
                }
                return;
            }
            if name == BEYOND {
                match postcard::from_bytes(bytes) {
                    Ok(beyond) => fleet.beyond = beyond,
                    Err(error) => tracing::warn!(%error, "series that can't be watched are counted anew"),
                }
                return;
            }
            if let Some(series) = name.strip_prefix(COUNTED).and_then(SeriesId::of_name) {
                match postcard::from_bytes(bytes) {
                    Ok(counted) => drop(of_incidents.insert(series, counted)),
                    Err(error) => tracing::warn!(name, %error, "what was counted before counts came late stands"),
                }
                return;
            }
            let Some(id) = SeriesId::of_name(name).filter(|id| fleet.metrics.contains(&id.outcome)) else { return };
            let Some(((last_call, begun, strayed), bytes)) = split(bytes) else { return };
            match Model::from_bytes(bytes, &fleet.settings) {
                Ok(model) => {
                    let place = fleet.add(id, model, Minute(u32::from_le_bytes(begun)));
                    fleet.series[place].last_call = Minute(u32::from_le_bytes(last_call));
                    fleet.series[place].strayed = f64::from_le_bytes(strayed);
                }
                Err(error) => tracing::warn!(series = name, %error, "the model of a series is learned anew"),
            }
        })?;
        *self = fleet;
        Ok(of_incidents)
    }
}
