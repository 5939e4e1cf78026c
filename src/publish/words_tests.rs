//! Numbers and names, as people expect them.

use super::*;

#[test]
fn numbers_have_no_more_digits_than_a_reader_needs() {
    let read = |texts: &[String], expect: &[&str]| assert_eq!(texts, expect);
    read(&[0.0, 3.25, 99.96, 100.4, 412_000.0, -3.0].map(count), &["0", "3.2", "100", "100", "412,000", "-3"]);
    read(&[412_000.0, -3_100.0, 0.0].map(signed), &["+412,000", "-3,100", "0"]);
    read(&[0.0, 0.002, 0.98, 0.994, 1.0].map(percent), &["0 %", "<1 %", "98 %", ">99 %", "100 %"]);
    read(&[1.44, 128.2, 12_000.0].map(times), &["1.4 ×", "128 ×", "12,000 ×"]);
    read(&[0.001, 4.944, 1_234.6].map(dollars), &["less than $0.01", "$4.94", "$1,235"]);
    read(&[40, 900, 5_100, 7_200, 183_600].map(span), &["40 s", "15 min", "1 h 25 min", "2 h", "2 d 3 h"]);
    read(&[many(1, "alarm"), many(2, "alarm"), many(2, "series")], &["1 alarm", "2 alarms", "2 series"]);
}

#[test]
fn a_day_is_told_only_where_it_is_another() {
    // 2026-11-24T02:40:00Z, by `date -d @1795488000`.
    let at = 1_795_488_000;
    assert_eq!(stamp(at), "2026-11-24T02:40:00Z");
    assert_eq!(day(at), "Tue 2026-11-24");
    assert_eq!(clock(at, at + 3_600), "02:40");
    assert_eq!(clock(at - 86_400, at), "11-23 02:40");
}

fn part(caller: &str, account: &str, service: &str, resource: &str) -> Contribution {
    let own = |text: &str| text.to_owned();
    Contribution {
        caller: own(caller),
        account: own(account),
        service: own(service),
        resource: own(resource),
        excess: 0.0,
        share: 0.0,
    }
}

#[test]
fn callers_read_as_one_would_say_them() {
    let role = "arn:aws:iam::111122223333:role/service-role/etl-nightly";
    for (part, expect) in [
        (
            part(role, "111122223333", "s3.amazonaws.com", "arn:aws:s3:::data-lake-raw"),
            "role etl-nightly through S3, bucket data-lake-raw",
        ),
        (part(role, "111122223333", "", ""), "role etl-nightly"),
        (part("", "444455556666", "", "arn:aws:s3:::data"), "account 444455556666, bucket data"),
        (part("", "", "", ""), "everyone else"),
        (part("", "", "ec2.amazonaws.com", "ebs:vol-1"), "EC2, volume vol-1"),
        (part("arn:aws:iam::111122223333:root", "111122223333", "", ""), "root of 111122223333"),
        (part("arn:aws:iam::111122223333:user/ann", "1", "lambda.amazonaws.com", ""), "user ann through Lambda"),
        (part("arn:aws:sts::1:assumed-role/etl/session", "1", "", "dynamodb:orders"), "role etl, table orders"),
        (part("", "", "new.amazonaws.com", ""), "new"),
    ] {
        assert_eq!(who(&part), expect);
    }
    assert_eq!(novelty("account", "444455556666"), "account 444455556666");
    assert_eq!(novelty("resource", "arn:aws:lambda:us-east-1:1:function:resize"), "function resize");
    assert_eq!(novelty("resource", "arn:aws:secretsmanager:us-east-1:1:secret:prod/db-Ab12"), "secret prod/db-Ab12");
    assert_eq!(novelty("resource", "arn:aws:ssm:us-east-1:1:parameter/prod/db"), "parameter /prod/db");
}

#[test]
fn texts_are_cut_by_characters_and_hold_no_line_ends() {
    assert_eq!(cut("äöü", 3), "äöü");
    assert_eq!(cut("äöüß", 3), "äö…");
    assert_eq!(cut("a\r\nb", 10), "a  b");
}
