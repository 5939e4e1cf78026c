//! Any bytes as an object: opening it keeps to the limits, whatever it claims.
#![no_main]

use keytide::cloudtrail::unpack::{Inflater, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|object: &[u8]| {
    let limits = Limits { member_bytes: 1 << 20, total_bytes: 8 << 20, members: 100, depth: 4 };
    let mut members = 0;
    let walked = Inflater::default().unpack::<()>(object, "object", &limits, &mut |member| {
        members += 1;
        if let Ok(content) = member.content {
            assert!(content.len() <= limits.member_bytes.max(object.len()));
        }
        Ok(())
    });
    assert!(walked.is_ok() && members <= limits.members + 1);
});
