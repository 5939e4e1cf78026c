//! Profiles for benches that make requests without records.

use keytide::cloudtrail::Decoder;
use keytide::domain::Second;
use keytide::tally::{ObjectTally, Profiles, Scope, Workbench};

/// Meets one record for each key and operation, in that order: profile n is that of the n-th.
pub fn meet(profiles: &Profiles, keys: u32, operations: &[&str]) {
    let scope =
        Scope { since: Second(0), until: Second(u32::MAX), not_after: Second(u32::MAX), closed_hours: Vec::new() };
    let (mut decoder, mut bench) = (Decoder::default(), Workbench::default());
    let mut tally = ObjectTally::new(profiles, &mut bench, &scope, 0);
    for key in 0..keys {
        for operation in operations {
            let record = format!(
                r#"{{"eventVersion":"1.11","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/u","accountId":"111122223333"}},"eventTime":"2026-01-05T00:00:00Z","eventSource":"kms.amazonaws.com","eventName":"{operation}","awsRegion":"eu-west-1","eventID":"{key}-{operation}","resources":[{{"type":"AWS::KMS::Key","ARN":"arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-{key:012}"}}]}}"#
            );
            decoder.text(0, record.as_bytes(), &mut tally);
        }
    }
    assert_eq!(tally.rows.len(), keys as usize * operations.len(), "each record is a request");
}
