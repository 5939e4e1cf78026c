//! The scanner against the general reader: whatever a record looks like, both make the same of it.

use std::collections::HashSet;
use std::fmt;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::cloudtrail::{Call, Decoder, Fact, PassedOver, RejectReason, Sink, one_text};

/// Writes down what it hears. Of sessions that are known only the first is told, so that each is heard once.
#[derive(Default)]
struct Heard {
    said: Vec<String>,
    sessions: HashSet<u128>,
}

impl Sink for Heard {
    fn request(&mut self, position: u64, call: &Call<'_>) -> Result<(), (RejectReason, String)> {
        let Call { fields, second, operation, outcome } = call;
        let derived = (call.series(), call.caller(), call.pool(), call.caller_detail());
        self.said.push(format!("{position}: {second:?} {operation:?} {outcome:?} {derived:?} {fields:?}"));
        Ok(())
    }

    fn fact(&mut self, fact: Fact) -> Result<(), (RejectReason, String)> {
        if fact.session.is_none_or(|session| self.sessions.insert(session)) {
            self.said.push(format!("{fact:?}"));
        }
        Ok(())
    }

    fn reject(&mut self, position: u64, reason: RejectReason, detail: fmt::Arguments<'_>) {
        self.said.push(format!("{position}: {reason:?} {detail}"));
    }

    fn passed_over(&mut self, kind: PassedOver) {
        self.said.push(format!("{kind:?}"));
    }
}

/// A value of a type that no field has, or that is as good as absent.
fn odd() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!("")),
        Just(json!(true)),
        Just(json!(-1.5e3)),
        Just(json!([])),
        Just(json!({})),
        decoy(),
        text().prop_map(Value::from),
    ]
}

/// Text that would mislead whoever takes it for structure.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        r#"[ -~é\n]{0,70}"#,
        Just(r#"}},{"eventVersion":"1.08","eventSource":"kms.amazonaws.com"},{"#.to_owned()),
        Just(r#"\","eventSource":"kms.amazonaws.com","x":"\"#.to_owned()),
        Just(r"\\".to_owned()),
    ]
}

/// Something nested that looks like a record's fields.
fn decoy() -> impl Strategy<Value = Value> {
    (text(), 0..3_u8).prop_map(|(text, depth)| {
        let looks_like = json!({"eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "arn": text, "ARN": [text],
            "resources": [{"ARN": "arn:aws:kms:eu-west-1:111122223333:key/decoy"}], "keyId": {"eventID": "x"}});
        (0..depth).fold(looks_like, |inner, _| json!({"userIdentity": [inner, {}], "sessionContext": inner}))
    })
}

/// Mostly one of these, rarely something odd.
fn usually(values: Vec<Value>) -> BoxedStrategy<Option<Value>> {
    prop_oneof![
        60 => prop::sample::select(values).prop_map(Some),
        3 => Just(None),
        1 => odd().prop_map(Some),
    ]
    .boxed()
}

/// An object of these members, mostly.
fn object(members: Vec<(&'static str, BoxedStrategy<Option<Value>>)>) -> BoxedStrategy<Option<Value>> {
    let (names, values): (Vec<_>, Vec<_>) = members.into_iter().unzip();
    let odd_place = prop::option::weighted(0.3, any::<prop::sample::Index>());
    let whole = (values, any::<bool>(), odd_place).prop_map(move |(values, reversed, odd_place)| {
        let mut members: Vec<(String, Value)> =
            names.iter().zip(values).filter_map(|(name, value)| Some(((*name).to_owned(), value?))).collect();
        if reversed {
            members.reverse();
        }
        if let Some(place) = odd_place.filter(|_| !members.is_empty()) {
            members.insert(place.index(members.len()), ("else".to_owned(), json!({"arn": "else"})));
        }
        Some(Value::Object(members.into_iter().collect()))
    });
    prop_oneof![30 => whole, 2 => Just(None), 1 => odd().prop_map(Some)].boxed()
}

const ROLE: &str = "arn:aws:iam::111122223333:role/payments";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/payments/i-0123";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ALIAS: &str = "arn:aws:kms:eu-west-1:111122223333:alias/payments";
const ID: &str = "0a1b2c3d-12ab-34cd-56ef-1234567890ab";

fn identity() -> BoxedStrategy<Option<Value>> {
    let issuer = object(vec![
        ("type", usually(vec![json!("Role")])),
        ("principalId", usually(vec![json!("AROA")])),
        ("arn", usually(vec![json!(ROLE)])),
        ("accountId", usually(vec![json!("111122223333")])),
        ("userName", usually(vec![json!("payments")])),
    ]);
    let attributes = object(vec![
        ("creationDate", usually(vec![json!("2026-01-05T09:00:00Z"), json!("}")])),
        ("mfaAuthenticated", usually(vec![json!("false"), json!("true")])),
    ]);
    let any = object(vec![
        ("type", usually(["AssumedRole", "AWSService", "AWSAccount", "SAMLUser"].map(Value::from).into())),
        ("principalId", usually(vec![json!("AROA:i-0123"), json!("AROA:i-4567")])),
        ("arn", usually(vec![json!(SESSION), json!("arn:aws:iam::111122223333:user/ann"), Value::Null])),
        ("accountId", usually(vec![json!("111122223333"), json!("444455556666")])),
        ("accessKeyId", usually(vec![json!("ASIAIOSFODNN7EXAMPLE")])),
        ("sessionContext", object(vec![("sessionIssuer", issuer), ("attributes", attributes)])),
        ("invokedBy", usually(vec![json!("AWS Internal"), json!("s3.amazonaws.com"), Value::Null])),
    ]);
    let mut role = json!({"type": "AssumedRole", "principalId": "AROA:i-0123", "arn": SESSION,
        "accountId": "111122223333", "accessKeyId": "ASIAIOSFODNN7EXAMPLE", "sessionContext": {
            "sessionIssuer": {"type": "Role", "principalId": "AROA", "arn": ROLE, "accountId": "444455556666",
                "userName": "payments"},
            "attributes": {"creationDate": "2026-01-05T09:00:00Z", "mfaAuthenticated": "false"}}});
    let direct = role.clone();
    role["invokedBy"] = json!("s3.amazonaws.com");
    prop_oneof![1 => any, 1 => prop::sample::select(vec![Some(role), Some(direct)])].boxed()
}

fn request() -> BoxedStrategy<Option<Value>> {
    let context = object(vec![
        ("aws:s3:arn", usually(vec![json!("arn:aws:s3:::lake/x"), json!("arn:aws:s3:::pond")])),
        ("SecretARN", usually(vec![json!("arn:aws:secretsmanager:eu-west-1:111122223333:secret:db")])),
    ]);
    object(vec![
        ("keyId", usually(vec![json!(KEY), json!("alias/payments"), json!(ID)])),
        ("encryptionAlgorithm", usually(vec![json!("SYMMETRIC_DEFAULT"), json!("RSAES_OAEP_SHA_256")])),
        ("encryptionContext", context),
        ("sourceKeyId", usually(vec![json!(KEY), Value::Null])),
        ("destinationKeyId", usually(vec![json!(ALIAS), Value::Null])),
        ("keyPairSpec", usually(vec![json!("RSA_2048")])),
        ("roleArn", usually(vec![json!(ROLE)])),
        ("tags", usually(vec![Value::Null, json!([{"key": "team", "value": "a"}])])),
        ("sourceIdentity", usually(vec![Value::Null, json!("ann")])),
    ])
}

fn resources() -> BoxedStrategy<Option<Value>> {
    let resource = object(vec![
        ("accountId", usually(vec![json!("111122223333")])),
        ("type", usually(vec![json!("AWS::KMS::Key")])),
        ("ARN", usually(vec![json!(KEY), json!(ALIAS)])),
        ("arn", prop_oneof![9 => Just(None), 1 => Just(Some(json!(KEY)))].boxed()),
    ]);
    let list = prop::collection::vec(resource, 0..3).prop_map(|list| Some(list.into_iter().flatten().collect()));
    prop_oneof![30 => list, 2 => Just(None), 1 => odd().prop_map(Some)].boxed()
}

/// A record's members, in CloudTrail's order.
fn members() -> impl Strategy<Value = Vec<(String, Value)>> {
    let texts = |texts: &[&str]| usually(texts.iter().map(|text| json!(text)).collect());
    let (names, values): (Vec<_>, Vec<_>) = [
        ("eventVersion", texts(&["1.11", "1.08"])),
        ("userIdentity", identity()),
        ("eventTime", texts(&["2026-01-05T10:00:59Z", "2026-01-05T10:07:00Z", "2026-01-05T10:60:00Z", "2026-01-06"])),
        (
            "eventSource",
            texts(&[
                "kms.amazonaws.com",
                "kms.amazonaws.com",
                "sts.amazonaws.com",
                "ec2.amazonaws.com",
                "iam.amazonaws.com",
            ]),
        ),
        (
            "eventName",
            texts(&["Decrypt", "ReEncrypt", "DescribeKey", "CreateGrant", "AssumeRole", "CreateRole", "Run"]),
        ),
        ("awsRegion", texts(&["eu-west-1"])),
        ("sourceIPAddress", texts(&["10.0.0.1"])),
        ("userAgent", texts(&["aws-sdk {a,b}"])),
        ("errorCode", prop_oneof![9 => Just(None), 1 => texts(&["AccessDenied", "ThrottlingException"])].boxed()),
        ("requestParameters", request()),
        ("responseElements", usually(vec![Value::Null, json!({"keyId": KEY})])),
        ("additionalEventData", usually(vec![Value::Null, json!({"keyMaterialId": "0a1b"}), json!({"a": {"b": []}})])),
        ("requestID", texts(&[ID, "short"])),
        ("eventID", texts(&[ID, "short"])),
        ("readOnly", usually(vec![json!(true), json!(false)])),
        ("resources", resources()),
        ("eventType", texts(&["AwsApiCall", "AwsApiCall", "AwsServiceEvent", "AwsVpceEvent"])),
        ("managementEvent", usually(vec![json!(true)])),
        ("recipientAccountId", texts(&["111122223333", "444455556666"])),
        ("sharedEventID", texts(&[ID, "short"])),
        ("vpcEndpointId", texts(&["vpce-0123456789abcdef0"])),
        ("eventCategory", texts(&["Management", "Management", "Insight"])),
        ("tlsDetails", usually(vec![json!({"tlsVersion": "TLSv1.3"})])),
        ("addendum", prop_oneof![9 => Just(None), 1 => object(vec![("originalEventID", texts(&[ID]))])].boxed()),
    ]
    .into_iter()
    .unzip();
    let all = values.prop_map(move |values| -> Vec<(String, Value)> {
        names.iter().zip(values).filter_map(|(name, value)| Some(((*name).to_owned(), value?))).collect()
    });
    prop_oneof![all.clone(), all.prop_shuffle()]
}

/// The members of objects inside a record, in CloudTrail's order.
const ORDER: &[&str] = &[
    "type",
    "principalId",
    "arn",
    "accountId",
    "accessKeyId",
    "userName",
    "sessionContext",
    "sessionIssuer",
    "attributes",
    "creationDate",
    "mfaAuthenticated",
    "invokedBy",
];

/// How a record is written: with white space between tokens, and with escapes that JSON doesn't need.
#[derive(Clone, Copy, Debug)]
struct Style {
    space: &'static str,
    /// Whether inner objects have CloudTrail's order; else that of the alphabet, or against it.
    usual_order: bool,
    /// One character in so many; zero for none.
    escaped: usize,
}

fn style() -> impl Strategy<Value = Style> {
    let escaped = prop_oneof![3 => Just(0), 1 => 2..400_usize];
    let any = (prop::sample::select(vec!["", "", "", " ", "\n\t", "\r\n  "]), any::<bool>(), escaped)
        .prop_map(|(space, usual_order, escaped)| Style { space, usual_order, escaped });
    prop_oneof![any, Just(Style { space: "", usual_order: true, escaped: 0 })]
}

/// Writes JSON in a style; `written` counts the characters of texts.
fn write(value: &Value, style: Style, written: &mut usize, out: &mut String) {
    let space = style.space;
    match value {
        Value::Object(members) if style.usual_order => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| ORDER.iter().position(|known| known == name));
            write_object(members.into_iter(), style, written, out);
        }
        Value::Object(members) => write_object(members.iter(), style, written, out),
        Value::Array(items) => {
            out.push_str(&format!("[{space}"));
            for (place, item) in items.iter().enumerate() {
                out.push_str(&if place == 0 { String::new() } else { format!("{space},{space}") });
                write(item, style, written, out);
            }
            out.push_str(&format!("{space}]"));
        }
        Value::String(text) => write_text(text, style, written, out),
        other => out.push_str(&other.to_string()),
    }
}

fn write_object<'v>(
    members: impl Iterator<Item = (&'v String, &'v Value)>,
    style: Style,
    written: &mut usize,
    out: &mut String,
) {
    let space = style.space;
    out.push_str(&format!("{{{space}"));
    for (place, (name, value)) in members.enumerate() {
        out.push_str(&if place == 0 { String::new() } else { format!("{space},{space}") });
        write_text(name, style, written, out);
        out.push_str(&format!("{space}:{space}"));
        write(value, style, written, out);
    }
    out.push_str(&format!("{space}}}"));
}

fn write_text(text: &str, style: Style, written: &mut usize, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        *written += 1;
        if style.escaped > 0 && written.is_multiple_of(style.escaped) {
            out.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            let quoted = serde_json::to_string(&character).unwrap();
            out.push_str(&quoted[1..quoted.len() - 1]);
        }
    }
    out.push('"');
}

fn record() -> impl Strategy<Value = String> {
    let written = |(members, style): (Vec<(String, Value)>, Style)| {
        let mut out = String::new();
        write_object(members.iter().map(|(name, value)| (name, value)), style, &mut 0, &mut out);
        out
    };
    prop_oneof![30 => (members(), style()).prop_map(written), 1 => odd().prop_map(|value| value.to_string())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_scanner_makes_of_every_record_what_the_general_reader_makes_of_it(
        records in prop::collection::vec(record(), 1..8),
        separator in prop::sample::select(vec![",", ",", " ,\n"]),
    ) {
        let (mut scanned, mut read) = (Heard::default(), Heard::default());
        let document = format!("{{\"Records\":[{}]}}", records.join(separator));
        Decoder::default().document(document.as_bytes(), &mut scanned).unwrap();
        for (position, record) in (0..).zip(&records) {
            one_text(position, record.as_bytes(), &mut read);
        }
        // A session that is known is passed over unread, and what is heard of it then is not said twice.
        prop_assert_eq!(scanned.said, read.said, "{}", document);
    }
}

#[test]
fn sessions_of_people_who_have_no_arn_are_told_apart() {
    let session = |principal: &str, second: u32| {
        format!(
            r#"{{"eventVersion":"1.08","userIdentity":{{"type":"SAMLUser","principalId":"{principal}"}},"eventTime":"2026-01-05T10:00:0{second}Z","eventSource":"sts.amazonaws.com","eventName":"AssumeRoleWithSAML","requestParameters":{{"roleArn":"{ROLE}","principalTags":{{"team":"a"}}}}}}"#
        )
    };
    let document =
        format!(r#"{{"Records":[{},{},{}]}}"#, session("idp:ann", 1), session("idp:bob", 2), session("idp:ann", 3));
    let mut heard = Heard::default();
    Decoder::default().document(document.as_bytes(), &mut heard).unwrap();
    assert_eq!(heard.sessions.len(), 2);
    assert_eq!(heard.said.iter().filter(|said| *said == "OtherService").count(), 3);
}
