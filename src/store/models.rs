//! Saved models: files of bytes by name, each file as of a minute.
//!
//! A file is the magic `KTMODELS`, then for each model its name and its bytes, each after its length (u32, little
//! endian), then an empty name and model, and the XXH3 of all before. A file that the catalog doesn't name is litter.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use rusqlite::params;
use xxhash_rust::xxh3::Xxh3;

use super::error::StoreError;
use super::open::{MODELS, Store, file_error, sync_folder};
use crate::domain::Minute;

const MAGIC: &[u8; 8] = b"KTMODELS";

/// Minutes that the savings which are kept reach back at least, once there are counts of so many: late counts are
/// learned from there on.
pub const MODELS_REACH_MINUTES: u32 = 6 * 60;

/// A saving from before a gap is kept, if it is no older.
const MODELS_AGE_MINUTES: u32 = 7 * Minute::PER_DAY;

/// A name or a model is shorter.
const PART_BYTES_MAX: u32 = 16 << 20;

/// A file of saved models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedModels {
    file: String,
    /// The minute before which everything was learned.
    pub until: Minute,
}

impl Store {
    /// Writes models as of a minute, by name. Of earlier savings two are kept at most, however many were made: one that
    /// lies [`MODELS_REACH_MINUTES`] or more before, and the next that will. A third is, of the last week, where counts
    /// may come as late as of a minute `back_to`: the newest that reaches so far.
    pub fn save_models<'m>(
        &mut self,
        until: Minute,
        back_to: Option<Minute>,
        models: impl Iterator<Item = io::Result<(&'m str, Vec<u8>)>>,
    ) -> Result<(), StoreError> {
        self.step("save the models")?;
        let folder = self.dir.join(MODELS);
        let file = format!("{:010}.models", until.0);
        // Under another name until it is whole: the file of the same minute may be named already.
        let (path, whole) = (folder.join(format!("{file}.new")), folder.join(&file));
        write(&path, models).map_err(|source| file_error("write", &path, source))?;
        std::fs::rename(&path, &whole).map_err(|source| file_error("rename", &path, source))?;
        sync_folder(&folder)?;
        self.step("name the models")?;
        let name = |store: &mut Self| {
            let transaction = store.catalog.transaction()?;
            transaction.execute("INSERT OR REPLACE INTO model_files VALUES (?, ?)", params![file, until.0])?;
            let query = "SELECT minute FROM model_files ORDER BY minute DESC";
            let minutes: Vec<u32> = super::rows::rows(&transaction, query, |row| row.get(0))?;
            for minute in superfluous(&minutes, back_to) {
                transaction.execute("DELETE FROM model_files WHERE minute = ?", [minute])?;
            }
            transaction.commit()
        };
        name(self).map_err(|source| self.catalog_error("name the models", source))?;
        self.sweep()
    }

    /// Forgets all saved models.
    pub fn forget_models(&mut self) -> Result<(), StoreError> {
        self.catalog
            .execute("DELETE FROM model_files", [])
            .map_err(|source| self.catalog_error("forget the models", source))?;
        self.sweep()
    }

    /// Forgets models that were saved as of a later minute.
    pub fn forget_models_after(&mut self, minute: Minute) -> Result<(), StoreError> {
        let forgotten = self
            .catalog
            .execute("DELETE FROM model_files WHERE minute > ?", [minute.0])
            .map_err(|source| self.catalog_error("forget the models", source))?;
        if forgotten == 0 { Ok(()) } else { self.sweep() }
    }

    /// The files of saved models, newest first.
    pub fn saved_models(&self) -> Result<Vec<SavedModels>, StoreError> {
        let query = "SELECT file, minute FROM model_files ORDER BY minute DESC";
        super::rows::rows(&self.catalog, query, |row| Ok(SavedModels { file: row.get(0)?, until: Minute(row.get(1)?) }))
            .map_err(|source| self.catalog_error("list the saved models", source))
    }

    /// Reads a file of saved models, one after the other.
    pub fn read_models(&self, saved: &SavedModels, mut each: impl FnMut(&str, &[u8])) -> Result<(), StoreError> {
        let path = self.dir.join(MODELS).join(&saved.file);
        let damaged = |what: &str| StoreError::Damaged { path: path.clone(), what: what.to_owned() };
        let content = std::fs::read(&path).map_err(|source| file_error("read", &path, source))?;
        let (body, sum) =
            content.split_at_checked(content.len().wrapping_sub(8)).ok_or_else(|| damaged("too short"))?;
        if xxhash_rust::xxh3::xxh3_64(body).to_le_bytes() != sum {
            return Err(damaged("its check sum is another"));
        }
        let mut rest = body.strip_prefix(MAGIC).ok_or_else(|| damaged("it holds no models"))?;
        loop {
            let name = part(&mut rest).ok_or_else(|| damaged("a model's name is cut"))?;
            let model = part(&mut rest).ok_or_else(|| damaged("a model is cut"))?;
            if name.is_empty() {
                return Ok(());
            }
            each(std::str::from_utf8(name).map_err(|_| damaged("a name is no text"))?, model);
        }
    }
}

/// The savings that nobody needs any more, of all from the newest back. Kept are the newest, for a start; the newest of
/// those that reach back far enough; of those between the oldest, which is the next to reach so far; and the newest
/// that reaches back to a minute, if it is not too old.
fn superfluous(minutes: &[u32], back_to: Option<Minute>) -> impl Iterator<Item = u32> {
    let newest = minutes.first().copied().unwrap_or(0);
    let reaching = minutes.iter().position(|minute| minute + MODELS_REACH_MINUTES <= newest).unwrap_or(minutes.len());
    let is_before = |minute: &u32| back_to.is_some_and(|back_to| *minute <= back_to.0);
    let before = minutes.iter().position(is_before).filter(|place| minutes[*place] + MODELS_AGE_MINUTES >= newest);
    let is_kept = move |place: usize| place == 0 || place + 1 == reaching || place == reaching || Some(place) == before;
    minutes.iter().enumerate().filter(move |(place, _)| !is_kept(*place)).map(|(_, minute)| *minute)
}

fn write<'m>(path: &Path, models: impl Iterator<Item = io::Result<(&'m str, Vec<u8>)>>) -> io::Result<()> {
    let mut out = Summed { out: BufWriter::with_capacity(1 << 20, File::create(path)?), sum: Xxh3::new() };
    out.write(MAGIC)?;
    for model in models {
        let (name, model) = model?;
        out.part(name.as_bytes())?;
        out.part(&model)?;
    }
    out.part(b"")?;
    out.part(b"")?;
    let sum = out.sum.digest();
    out.out.write_all(&sum.to_le_bytes())?;
    out.out.flush()?;
    out.out.get_ref().sync_all()
}

/// Writes and sums up.
struct Summed {
    out: BufWriter<File>,
    sum: Xxh3,
}

impl Summed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.out.write_all(bytes)
    }

    fn part(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= PART_BYTES_MAX);
        let length = length.ok_or_else(|| io::Error::other("a model is larger than 16 MiB"))?;
        self.write(&length.to_le_bytes())?;
        self.write(bytes)
    }
}

/// Takes a part off the front.
fn part<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (part, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = after;
    Some(part)
}
