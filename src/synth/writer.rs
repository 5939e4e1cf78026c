//! Objects to files: records are written, compressed and stored by a few threads.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use libdeflater::{CompressionLvl, Compressor};

use super::delivery::{Event, Object, What};
use super::error::SynthError;
use super::flow::Ending;
use super::record::body;
use super::template::Moment;
use super::world::World;

/// Sizes of what was written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    pub objects: u64,
    pub gzip_bytes: u64,
    pub raw_bytes: u64,
    /// Records in log objects, repeats and second deliveries included.
    pub records: u64,
}

/// Writes objects into a folder; each thread has its own buffers.
pub(super) struct Writer<'a> {
    out: &'a Path,
    world: &'a World,
    compressor: Compressor,
    raw: Vec<u8>,
    gzip: Vec<u8>,
    folder: PathBuf,
}

impl<'a> Writer<'a> {
    /// Writes below `out`.
    pub(super) fn new(out: &'a Path, world: &'a World) -> Self {
        // zlib's default, as CloudTrail's own objects seem to be made.
        let level = CompressionLvl::new(6).expect("6 is a level");
        let compressor = Compressor::new(level);
        Self { out, world, compressor, raw: Vec::new(), gzip: Vec::new(), folder: PathBuf::new() }
    }

    /// Writes an object, twice if it is delivered twice.
    pub(super) fn write(&mut self, object: &mut Object, total: &Mutex<Written>) -> Result<(), SynthError> {
        swap_neighbours(&mut object.events);
        self.raw.clear();
        self.raw.extend_from_slice(b"{\"Records\":[");
        for (at, event) in object.events.iter().enumerate() {
            if at > 0 {
                self.raw.push(b',');
            }
            write_record(self.world, event, &mut self.raw);
        }
        self.raw.extend_from_slice(b"]}");
        let mut written = Written::default();
        let gzip_bytes = self.compress();
        for path in std::iter::once(&object.path).chain(&object.again) {
            self.store(path, gzip_bytes)?;
            written.objects += 1;
            written.gzip_bytes += gzip_bytes as u64;
            written.raw_bytes += self.raw.len() as u64;
            written.records += object.events.len() as u64;
        }
        let mut total = total.lock().expect("no thread panics while it adds up");
        total.objects += written.objects;
        total.gzip_bytes += written.gzip_bytes;
        total.raw_bytes += written.raw_bytes;
        total.records += written.records;
        Ok(())
    }

    /// Writes a file of that text, gzipped.
    pub(super) fn write_text(&mut self, path: &Path, text: &str) -> Result<(), SynthError> {
        self.raw.clear();
        self.raw.extend_from_slice(text.as_bytes());
        let gzip_bytes = self.compress();
        self.store(path, gzip_bytes)
    }

    fn compress(&mut self) -> usize {
        self.gzip.resize(self.compressor.gzip_compress_bound(self.raw.len()), 0);
        self.compressor.gzip_compress(&self.raw, &mut self.gzip).expect("the buffer is as large as the bound")
    }

    fn store(&mut self, path: &Path, length: usize) -> Result<(), SynthError> {
        let path = self.out.join(path);
        let folder = path.parent().unwrap_or(self.out);
        if self.folder != folder {
            std::fs::create_dir_all(folder).map_err(SynthError::writing(folder))?;
            self.folder = folder.to_owned();
        }
        std::fs::write(&path, &self.gzip[..length]).map_err(SynthError::writing(&path))
    }
}

/// Puts about a fifth of the records before their predecessor, as in real objects.
fn swap_neighbours(events: &mut [Event]) {
    for at in 1..events.len() {
        let bits = match &events[at].what {
            What::Call { draw, .. } => draw >> 32,
            What::Text(_) => 1,
        };
        if bits.is_multiple_of(4) {
            events.swap(at - 1, at);
        }
    }
}

/// Appends an event's record.
pub(super) fn write_record(world: &World, event: &Event, out: &mut Vec<u8>) {
    let (flow_at, copy, generations, draw) = match &event.what {
        What::Text(text) => return out.extend_from_slice(text.as_bytes()),
        What::Call { flow, copy, generations, draw } => (*flow as usize, *copy, *generations, *draw),
    };
    let flow = &world.flows[flow_at];
    let caller = world.callers.get(flow.caller);
    let (session, session_start) = caller.session(event.second, draw);
    let material =
        |key: Option<usize>, generation| key.map_or(0, |key| world.population.keys[key].material_seed(generation));
    let materials = [material(flow.source, generations[0]), material(flow.destination, generations[1])];
    let moment = Moment { second: event.second, draw, copy, session, session_start, materials };
    out.extend_from_slice(b"{\"eventVersion\":\"");
    out.extend_from_slice(flow.version.as_bytes());
    out.extend_from_slice(b"\",\"userIdentity\":");
    let identity = if copy == 0 { &caller.identity } else { &caller.reduced_identity };
    identity.fill(&moment, out);
    let copy = usize::from(copy);
    match flow.ending(draw) {
        Ending::Success => flow.bodies[copy].fill(&moment, out),
        // Few calls fail: their bodies are made as they come.
        ending => body(flow, &world.population, &world.callers, ending, copy).fill(&moment, out),
    }
}
