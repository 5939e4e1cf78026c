//! Who called.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{assert_minutes, gave, ingested};
use crate::support::files;
use crate::support::record::{KEY, OWNER, Record};

#[test]
fn callers_are_named_without_their_session() {
    let lambda = json!({"aws:lambda:FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:f"});
    let infrastructure = json!({
        "type": "AssumedRole", "accountId": OWNER,
        "arn": format!("arn:aws:sts::{OWNER}:assumed-role/aws:ec2-infrastructure/i-0123456789abcdef0"),
        "sessionContext": {"sessionIssuer": {"arn": format!("arn:aws:iam::{OWNER}:role/aws:ec2-infrastructure")}}
    });
    let user = json!({"type": "IAMUser", "accountId": OWNER, "arn": format!("arn:aws:iam::{OWNER}:user/alice"),
        "sessionContext": {"sessionIssuer": {}, "webIdFederationData": {}}});
    let cases: &[(Record, &str)] = &[
        (Record::decrypt("1"), "owner arn:aws:iam::owner:role/app"),
        (Record::decrypt("2").with("vpcEndpointId", "vpce-1"), "owner arn:aws:iam::owner:role/app   vpce-1"),
        (Record::decrypt("3").with("userIdentity", user.clone()), "owner arn:aws:iam::owner:user/alice"),
        // An empty sessionIssuer is what forward access sessions of users have; the service is told by the context.
        (
            Record::decrypt("4")
                .with("userIdentity", user)
                .identity("invokedBy", "AWS Internal")
                .with("vpcEndpointId", "vpce-of-the-service")
                .parameter("encryptionContext", json!({"PARAMETER_ARN": "arn:aws:ssm:us-east-1:1:parameter/p"})),
            "owner arn:aws:iam::owner:user/alice ssm.amazonaws.com arn:aws:ssm:us-east-1:1:parameter/p",
        ),
        (
            Record::decrypt("5").identity("invokedBy", "fas.s3.amazonaws.com"),
            "owner arn:aws:iam::owner:role/app s3.amazonaws.com",
        ),
        (
            Record::decrypt("6").identity("invokedBy", "internal.amazonaws.com").parameter("encryptionContext", lambda),
            "owner arn:aws:iam::owner:role/app lambda.amazonaws.com arn:aws:lambda:us-east-1:owner:function:f",
        ),
        (
            Record::decrypt("7")
                .with("userIdentity", infrastructure)
                .parameter("encryptionContext", json!({"aws:ebs:id": "vol-1"})),
            "owner arn:aws:iam::owner:role/aws:ec2-infrastructure  ebs:vol-1",
        ),
        (
            Record::decrypt("8")
                .with("userIdentity", json!({"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"})),
            "  cloudtrail.amazonaws.com",
        ),
        (Record::decrypt("9").with("userIdentity", Value::Null).without("userIdentity"), "owner"),
    ];
    for (record, caller) in cases {
        let gave = gave(std::slice::from_ref(record));
        assert_eq!((&gave.callers, &gave.rejects), (&vec![(*caller).to_owned()], &BTreeMap::new()));
    }
}

#[test]
fn texts_in_the_place_of_truth_values_are_no_reason_to_set_a_record_aside() {
    let record = Record::decrypt("1")
        .with("sessionCredentialFromConsole", "true")
        .with("readOnly", "true")
        .with("managementEvent", "true")
        .with("tlsDetails", "none")
        .with("anythingNew", json!([1, {"x": null}]));
    assert_minutes(&[record], &["10:00 key Decrypt 1 0 0 0 0"]);
}

#[test]
fn only_time_source_and_name_are_needed() {
    let bare = json!({"eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "eventTime": "2026-01-05T10:00:00Z",
        "resources": [{"ARN": KEY}]});
    let gave = ingested(&[("log.json", files::log_file(&[bare]))]);
    assert_eq!(gave.minutes, ["10:00 key Decrypt 1 0 0 0 0"]);
}

#[test]
fn quotes_escapes_and_json_inside_a_text_are_text() {
    let trap = r#"quote " brace { ] backslash \ {"eventSource":"kms.amazonaws.com","eventName":"Encrypt"}"#;
    let record = Record::decrypt("1").with("userAgent", trap).with("errorMessage", "é\u{0}\u{2028}😀");
    let escaped = Record::decrypt("2").parameter("encryptionContext", json!({trap: trap}));
    assert_minutes(&[record, escaped], &["10:00 key Decrypt 2 0 0 0 0"]);
}
