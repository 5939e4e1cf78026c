//! CloudTrail Lake's text form of structs, maps and lists: `[{accountid=1, type=AWS::KMS::Key, arnprefix=null}]`.
//!
//! The form has no quotes, so that a text with `, name=` in it can't be told from two fields. JSON inside it, as the
//! encryption context is written, is read as JSON.

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::lake::own_name;

/// Nesting that is followed; the deepest in use is `userIdentity.sessionContext.sessionIssuer`.
const MAX_NESTING: usize = 8;

/// Reads the text of the column `name`. What isn't of the form stays a text.
pub(super) fn read(name: &str, text: &str) -> Value {
    value(name, text, MAX_NESTING)
}

fn value(name: &str, text: &str, nesting: usize) -> Value {
    let text = text.trim();
    if text == "null" {
        return Value::Null;
    }
    let nested = if nesting == 0 {
        None
    } else if looks_like_json(text) {
        serde_json::from_str(text).ok().map(|json| spelled(name, json))
    } else if let Some(inside) = between(text, '{', '}') {
        fields(name, inside, nesting - 1)
    } else if let Some(inside) = between(text, '[', ']') {
        items(name, inside, nesting - 1)
    } else {
        None
    };
    nested.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// A name's own spelling, in the struct or map `parent`: `ARN` in resources, `arn` in identities; what an encryption
/// context names is data.
fn spelled_name<'a>(parent: &str, name: &'a str) -> &'a str {
    match (parent, name) {
        ("resources", "arn") => "ARN",
        ("resources", "arnprefix") => "ARNPrefix",
        _ if parent.ends_with("ncryptionContext") => name,
        _ => own_name(name),
    }
}

/// JSON with its names spelled as CloudTrail does.
fn spelled(name: &str, json: Value) -> Value {
    match json {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(key, value)| {
                    let key = spelled_name(name, &key).to_owned();
                    let value = spelled(&key, value);
                    (key, value)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| spelled(name, item)).collect()),
        scalar => scalar,
    }
}

fn between(text: &str, open: char, close: char) -> Option<&str> {
    text.strip_prefix(open)?.strip_suffix(close)
}

fn looks_like_json(text: &str) -> bool {
    ["{\"", "[{\"", "[\"", "{}", "[]"].iter().any(|start| text.starts_with(start))
}

/// `name=value, name=value`
fn fields(parent: &str, text: &str, nesting: usize) -> Option<Value> {
    let mut map = Map::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let name = spelled_name(parent, name.trim());
        let end = if after.starts_with(['{', '[']) { nested_end(after)? } else { scalar_end(after) };
        map.insert(name.to_owned(), value(name, &after[..end], nesting));
        rest = separated(&after[end..])?;
    }
    Some(Value::Object(map))
}

/// `value, value`
fn items(name: &str, text: &str, nesting: usize) -> Option<Value> {
    let mut list = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = if rest.starts_with(['{', '[']) { nested_end(rest)? } else { rest.find(", ").unwrap_or(rest.len()) };
        list.push(value(name, &rest[..end], nesting));
        rest = separated(&rest[end..])?;
    }
    Some(Value::Array(list))
}

/// What follows a comma; an empty text at the end; `None` for anything else.
fn separated(text: &str) -> Option<&str> {
    let text = text.trim_start();
    if text.is_empty() { Some(text) } else { text.strip_prefix(',').map(str::trim_start) }
}

/// Where a nested value ends.
fn nested_end(text: &str) -> Option<usize> {
    if looks_like_json(text) {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
        if let Some(Ok(_)) = values.next() {
            return Some(values.byte_offset());
        }
    }
    let mut open = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' | b'[' => open += 1,
            b'}' | b']' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at + 1);
        }
    }
    None
}

/// Where a plain value ends: before `, name=`, or with the text.
fn scalar_end(text: &str) -> usize {
    text.match_indices(", ")
        .map(|(at, _)| at)
        .find(|at| {
            let rest = &text.as_bytes()[at + 2..];
            let name = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"_-:./$".contains(byte)).count();
            name > 0 && rest.get(name) == Some(&b'=')
        })
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn structs_maps_and_lists_are_read_with_cloudtrails_names() {
        let resources = "[{accountid=111122223333, type=AWS::KMS::Key, arn=arn:aws:kms:us-east-1:111122223333:key/k, \
                         arnprefix=null}, {accountid=null, type=null, arn=a, arnprefix=null}]";
        let expected = json!([
            {"accountId": "111122223333", "type": "AWS::KMS::Key",
             "ARN": "arn:aws:kms:us-east-1:111122223333:key/k", "ARNPrefix": null},
            {"accountId": null, "type": null, "ARN": "a", "ARNPrefix": null},
        ]);
        assert_eq!(read("resources", resources), expected);
        let identity = "{type=AssumedRole, principalid=A:s, arn=arn:x, sessioncontext={attributes={\
                        mfaauthenticated=false}, sessionissuer={type=Role, arn=arn:y}}, invokedby=null}";
        let expected = json!({"type": "AssumedRole", "principalId": "A:s", "arn": "arn:x", "sessionContext":
            {"attributes": {"mfaAuthenticated": "false"}, "sessionIssuer": {"type": "Role", "arn": "arn:y"}},
            "invokedBy": null});
        assert_eq!(read("userIdentity", identity), expected);
    }

    #[test]
    fn json_inside_the_form_keeps_its_commas_and_its_own_names() {
        let text = r#"{encryptioncontext={"keyid": ", keyid=x}", "b": "c"}, keyid=alias/a, note=one, two}"#;
        let expected = json!({"encryptionContext": {"keyid": ", keyid=x}", "b": "c"}, "keyId": "alias/a",
            "note": "one, two"});
        assert_eq!(read("requestParameters", text), expected);
    }

    #[test]
    fn what_is_not_of_the_form_stays_a_text() {
        for text in ["plain", "{no field}", "{a={b=1}", "[{a=1} x]", "{a=1", ""] {
            assert_eq!(read("requestParameters", text), json!(text), "{text}");
        }
        let deep = format!("{}a=1{}", "{a=".repeat(100), "}".repeat(100));
        assert!(read("requestParameters", &deep).is_object());
    }
}
