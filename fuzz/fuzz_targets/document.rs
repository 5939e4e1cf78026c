//! Any bytes as a document, all the way to calls: each record gets one verdict, in order, and every call can be told.
#![no_main]

use keytide::cloudtrail::{Call, Decoder, Fact, PassedOver, RejectReason, Sink};
use libfuzzer_sys::fuzz_target;

/// Asks everything of a call, and keeps how far the document is.
#[derive(Default)]
struct Asking {
    last: Option<u64>,
}

impl Asking {
    fn verdict(&mut self, position: u64) {
        assert!(self.last.is_none_or(|last| last < position), "record {position} comes after {:?}", self.last);
        self.last = Some(position);
    }
}

impl Sink for Asking {
    fn request(&mut self, position: u64, call: &Call<'_>) -> Result<(), (RejectReason, String)> {
        std::hint::black_box(call.profile());
        let (series, caller) = (call.series()?, call.caller()?);
        call.pool()?;
        assert!(call.operation.is_none_or(|operation| operation.uses_key() != series.is_empty()));
        assert!(caller.resource.len() <= 600, "the resource is bounded");
        self.verdict(position);
        Ok(())
    }

    fn fact(&mut self, fact: Fact) -> Result<(), (RejectReason, String)> {
        assert!(fact.details.is_empty() || fact.details.starts_with('{'));
        Ok(())
    }

    fn reject(&mut self, position: u64, _: RejectReason, _: std::fmt::Arguments<'_>) {
        self.verdict(position);
    }

    fn passed_over(&mut self, _: PassedOver) {}
}

fuzz_target!(|document: &[u8]| {
    // What can't be read at all is an error, and that is fine.
    let _ = Decoder::default().document(document, &mut Asking::default());
});
