//! A model as bytes, so that a restart doesn't fit anew.

use super::Model;
use super::learned::Learned;
use super::settings::Settings;

/// Before the model's bytes: what they are and the version of their layout.
const HEADER: [u8; 4] = [b'k', b'b', 0, 9];

/// Bytes that are no model.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// They start otherwise.
    #[error("these bytes are no saved model of this version; fit the series anew")]
    Header,
    /// They were saved with another period or time zone.
    #[error("the model was saved with {saved}, not with {wanted}; fit the series anew")]
    Settings {
        /// Period and time zone then.
        saved: String,
        /// Period and time zone now.
        wanted: String,
    },
    /// They are damaged.
    #[error("the saved model is damaged ({0}); fit the series anew")]
    Damaged(#[from] postcard::Error),
}

fn seasons(settings: &Settings) -> String {
    format!("periods of {} s in {}", settings.period_seconds, settings.zone.name())
}

impl Model {
    /// All that was learned, as bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SavedError> {
        Ok(postcard::to_extend(&(seasons(&self.settings), &self.learned), HEADER.to_vec())?)
    }

    /// A model from such bytes. The width and excluded ranges may have changed since, period and time zone not.
    pub fn from_bytes(bytes: &[u8], settings: &Settings) -> Result<Self, SavedError> {
        let bytes = bytes.strip_prefix(&HEADER).ok_or(SavedError::Header)?;
        let (saved, rest): (String, &[u8]) = postcard::take_from_bytes(bytes)?;
        let wanted = seasons(settings);
        if saved != wanted {
            return Err(SavedError::Settings { saved, wanted });
        }
        let learned: Learned = postcard::from_bytes(rest)?;
        Ok(Model::from_parts(settings.clone(), learned))
    }
}
