//! The grammar, and what is said of queries that break it.

use super::*;

const HOUSE: &str = "SELECT SUM(SuccessfulRequest)
FROM SCHEMA(\"AWS/KMS\", KeyArn, Operation)
GROUP BY KeyArn
ORDER BY MAX () DESC
LIMIT 20
";

fn dimension(name: &str) -> Key {
    Key::Dimension(name.to_owned())
}

fn fails(query: &str) -> String {
    match parse(query) {
        Ok(parsed) => panic!("{query} parses as {parsed:?}"),
        Err(error) => error.message().to_owned(),
    }
}

#[test]
fn the_house_query_parses_as_it_stands() {
    let query = parse(HOUSE).expect("the house query");
    assert_eq!(query.function, Function::Sum);
    assert_eq!(query.metric, "SuccessfulRequest");
    assert_eq!(query.source.namespace, "AWS/KMS");
    let schema: Vec<String> = query.source.schema.expect("a schema").into_iter().collect();
    assert_eq!(schema, ["KeyArn", "Operation"]);
    assert_eq!(query.conditions, []);
    assert_eq!(query.group_by, [dimension("KeyArn")]);
    assert_eq!(query.order_by, Some(Order { function: Function::Max, descending: true }));
    assert_eq!(query.limit, Some(20));
}

#[test]
fn every_clause_parses_in_any_case_and_with_any_spaces() {
    let text = "select\tcount ( \"a \\\"b\\\"\" )from schema ( \"My.Space\" , \"A b\",C_1, C_1 ) wHere AWS.AccountId=\
                current_account_id ( )and C_1!='it\\'s' AND tag.env = 'x' AND tag.\"aws:a b\" = '' \
                group by AWS.AccountId,tag.env,\"Key\" order by sum() asc limit 10000";
    let query = parse(text).expect("a query");
    assert_eq!(query.metric, "a \"b\"");
    assert_eq!(query.source.namespace, "My.Space");
    let schema: Vec<String> = query.source.schema.clone().expect("a schema").into_iter().collect();
    assert_eq!(schema, ["A b", "C_1"], "a dimension named twice counts once");
    let condition = |key: Key, equal: bool, value: &str| Condition { key, equal, value: Value::Text(value.to_owned()) };
    let expect = [
        Condition { key: Key::AccountId, equal: true, value: Value::CurrentAccount },
        condition(dimension("C_1"), false, "it's"),
        condition(Key::Tag("env".to_owned()), true, "x"),
        condition(Key::Tag("aws:a b".to_owned()), true, ""),
    ];
    assert_eq!(query.conditions, expect);
    assert_eq!(query.group_by, [Key::AccountId, Key::Tag("env".to_owned()), dimension("Key")]);
    assert_eq!(query.order_by, Some(Order { function: Function::Sum, descending: false }));
    assert_eq!(query.series_max(), 500, "a LIMIT above the cap is accepted");
}

#[test]
fn clauses_may_be_left_out() {
    for text in [
        "SELECT SUM(a) FROM b",
        "SELECT SUM(a) FROM SCHEMA(b)",
        "SELECT SUM(a) FROM b ORDER BY MAX()",
        "SELECT SUM(a) FROM b LIMIT 1",
        "SELECT SUM(a) FROM b WHERE c = 'd'",
        "SELECT MAX(a) FROM b GROUP BY c LIMIT 99999999999999999999999",
        "SELECT AVG(a) FROM \"AWS/KMS\" WHERE Team = CURRENT_ACCOUNT_ID()",
    ] {
        parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn what_the_language_lacks_is_named_from_the_offending_word_on() {
    for (rest, near) in [
        ("WHERE a = 'b' OR c = 'd'", "OR c = 'd'"),
        ("WHERE a IN ('b')", "IN ('b')"),
        ("WHERE a LIKE 'b%'", "LIKE 'b%'"),
        ("WHERE a IS NULL", "IS NULL"),
        ("WHERE a > 'b'", "> 'b'"),
        ("WHERE a <> 'b'", "<> 'b'"),
        ("WHERE a BETWEEN 'b' AND 'c'", "BETWEEN 'b' AND 'c'"),
        ("WHERE a == 'b'", "== 'b'"),
        ("WHERE AWS.AccountId = 123456789012", "123456789012"),
        ("WHERE a = 'b''c'", "'c'"),
        ("WHERE a = 'b", "'b"),
        ("WHERE aws.accountid = 'b'", "aws.accountid = 'b'"),
        ("GROUP BY a HAVING b", "HAVING b"),
        ("GROUP BY a;", ";"),
        ("GROUP BY a WHERE b = 'c'", "WHERE b = 'c'"),
        ("GROUP BY tag. \"x\"", "tag. \"x\""),
        ("ORDER BY MAX(Load)", "(Load)"),
        ("ORDER BY a", "a"),
        ("LIMIT -1", "-1"),
        ("LIMIT .5", ".5"),
        ("LIMIT 1.5", "1.5"),
        ("LIMIT 1 OFFSET 2", "OFFSET 2"),
        ("LIMIT", ""),
        ("-- a comment", "-- a comment"),
        ("AS t", "AS t"),
        ("ORDER BY MAX() LIMIT 1 GROUP BY abcdefghi", "GROUP BY abcdefghi"),
        ("HAVING abcdefghijklmnopqrstuvwxyz", "HAVING abcdefghijklmnopqrst..."),
        ("HAVING abcdefghijklmnopqrstuvw", "HAVING abcdefghijklmnopqrstuvw"),
    ] {
        let query = format!("SELECT SUM(Load) FROM n {rest}");
        assert_eq!(fails(&query), format!("Invalid syntax near '{near}'"), "{query}");
    }
    for (query, near) in [
        ("SELECT SUM() FROM n", "() FROM n"),
        ("SELECT COUNT(*) FROM n", "*) FROM n"),
        ("SELECT SUM(Load), MAX(Load) FROM n", ", MAX(Load) FROM n"),
        ("SELECT SUM(Load) AS x FROM n", "AS x FROM n"),
        ("SELECT SUM(Load) WHERE a = 'b'", "WHERE a = 'b'"),
        ("SELECT SUM(Load) FROM (SELECT 1)", "(SELECT 1)"),
        ("SELECT Load FROM n", "Load FROM n"),
        ("SELECT SUM Load FROM n", "Load FROM n"),
        ("SELECT SUM(Load) FROM My.Space", "My.Space"),
        ("SELECT SUM(Load) FROM SCHEMA(n, tag.env)", "tag.env)"),
        ("SELECT SUM(Load) FROM SCHEMA(n, a", ""),
        ("SHOW METRICS", "SHOW METRICS"),
        ("", ""),
    ] {
        assert_eq!(fails(query), format!("Invalid syntax near '{near}'"), "{query}");
    }
}

#[test]
fn some_mistakes_have_their_own_text() {
    let identifiers =
        "Invalid syntax. Comparing identifiers is not supported. Values must be surrounded by single quotes";
    for (query, message) in [
        ("SELECT * FROM n", "Invalid syntax"),
        ("(SELECT SUM(Load) FROM n)", "Invalid syntax"),
        ("SELECT MEDIAN(Load) FROM n", "Invalid syntax. 'MEDIAN' is not a valid aggregate function"),
        ("SELECT SUM(Load) FROM n ORDER BY MEDIAN()", "Invalid syntax. 'MEDIAN' is not a valid ORDER BY function"),
        ("SELECT SUM(Load) FROM n LIMIT 0", "Invalid syntax. LIMIT must be greater than 0"),
        ("SELECT SUM(Load) FROM n WHERE k = v", identifiers),
        ("SELECT SUM(Load) FROM n WHERE k = \"v\"", identifiers),
        (
            "SELECT SUM(Load) FROM n GROUP BY Zone",
            "Invalid syntax. Reserved keyword 'Zone' must be surrounded by double quotes",
        ),
        ("SELECT SUM(Usage) FROM n", "Invalid syntax. Reserved keyword 'Usage' must be surrounded by double quotes"),
    ] {
        assert_eq!(fails(query), message, "{query}");
    }
    assert!(parse("SELECT SUM(\"Usage\") FROM n GROUP BY \"Zone\"").is_ok());
}

#[test]
fn a_query_has_at_most_2048_characters() {
    let query = |length: usize| {
        let frame = "SELECT SUM(a) FROM b WHERE c = ''";
        frame.replace("''", &format!("'{}'", "é".repeat(length - frame.len())))
    };
    assert!(parse(&query(2048)).is_ok());
    assert!(fails(&query(2049)).contains("2048 characters"));
}

#[test]
fn an_error_shows_its_place_under_the_line() {
    let error = parse("SELECT SUM(SuccessfulRequest) FROM \"AWS/KMS\" WHERE Operation = 'Decrypt' OR Operation = 'x'")
        .expect_err("an OR");
    let expect = "Invalid syntax near 'OR Operation = 'x''
  | … \"AWS/KMS\" WHERE Operation = 'Decrypt' OR Operation = 'x'
  |                                         ^^
  | expected AND, GROUP BY, ORDER BY, LIMIT or the end of the query";
    assert_eq!(error.to_string(), expect);
}

#[test]
fn an_error_in_a_query_of_several_lines_names_the_line_and_its_column() {
    let query = without_leading_comments("-- Which keys?\nSELECT SUM(a)\nFROM b\nWHERE\tü = 'é' OR c = 'd'\n");
    let error = parse(&query).expect_err("ü is no name");
    assert_eq!(error.place(), (4, 7));
    let query = without_leading_comments("-- Which keys?\nSELECT SUM(a)\nFROM b\nWHERE\tu = 'é' OR\nc = 'd'\n");
    let expect = "Invalid syntax near 'OR c = 'd''
  4 | WHERE u = 'é' OR
    |               ^^
    | expected AND, GROUP BY, ORDER BY, LIMIT or the end of the query";
    let error = parse(&query).expect_err("an OR");
    assert_eq!(error.to_string(), expect);
    assert_eq!(error.message(), "Invalid syntax near 'OR\nc = 'd''");
}

#[test]
fn an_error_at_the_end_points_behind_the_last_word() {
    let error = parse("SELECT SUM(a) FROM b LIMIT \n").expect_err("no number");
    let expect = "Invalid syntax near ''
  | SELECT SUM(a) FROM b LIMIT
  |                           ^ expected a whole number greater than 0";
    assert_eq!(error.to_string(), expect);
}

#[test]
fn only_comment_lines_before_the_query_are_left_out() {
    assert_eq!(without_leading_comments("-- a\n\n  -- b\nSELECT --c\n-- d"), "\n\n\nSELECT --c\n-- d");
    assert_eq!(without_leading_comments("-- only"), "");
}

#[test]
fn a_quote_that_is_not_closed_is_said_to_be() {
    for (query, quote) in [
        ("SELECT SUM(a) FROM \"AWS/KMS\" WHERE Operation = 'Decrypt", '\''),
        ("SELECT SUM(a) FROM \"AWS/KMS", '"'),
        ("SELECT SUM(\"a) FROM b", '"'),
        ("SELECT SUM(a) FROM b WHERE c = 'd' AND e = 'it\\'s", '\''),
    ] {
        let error = parse(query).expect_err(query);
        let expect = format!("a closing {quote} for what this one opens");
        assert_eq!(error.expected(), Some(expect.as_str()), "{query}");
    }
    let doubled = parse("SELECT SUM(a) FROM b WHERE c = 'd''e'").expect_err("a doubled quote");
    assert!(!doubled.expected().expect("expected").contains("closing"), "{doubled}");
}

#[test]
fn a_namespace_with_other_characters_is_told_to_need_quotes() {
    for query in ["SELECT SUM(a) FROM AWS/KMS", "SELECT SUM(a) FROM AWS/KMS WHERE b = 'c'"] {
        let error = parse(query).expect_err(query);
        assert!(error.message().starts_with("Invalid syntax near '/KMS"), "{error}");
        let expected = error.expected().expect("expected");
        assert!(expected.contains("double quotes") && expected.ends_with("\"AWS/KMS\""), "{expected}");
    }
    let error = parse("SELECT SUM(a) FROM SCHEMA(AWS/KMS, KeyArn)").expect_err("no quotes");
    assert!(error.expected().expect("expected").ends_with("\"AWS/KMS\""), "{error}");
    let error = parse("SELECT SUM(a) FROM b / c").expect_err("no operators");
    assert!(!error.expected().expect("expected").contains("double quotes"), "{error}");
}

#[test]
fn no_line_of_an_error_is_wider_than_80_columns() {
    let long = "b".repeat(90);
    for query in [
        "SELECT SUM(SuccessfulRequest) FROM AWS/KMS WHERE Operation = 'Decrypt' GROUP BY KeyArn ORDER BY SUM() DESC",
        &format!("SELECT SUM(a) FROM b WHERE Operation = 'Decrypt' AND {long} > 'c' AND d = 'e' AND f = 'g' LIMIT 10"),
        &format!("SELECT SUM(a)\nFROM b\nWHERE Operation = 'Decrypt' AND c = 'd' OR {long}"),
        "SELECT SUM(a) FROM b GROUP BY tag.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z",
    ] {
        let error = parse(query).expect_err(query).to_string();
        assert!(error.lines().all(|line| line.chars().count() <= 80), "{error}");
    }
}

#[test]
fn a_semicolon_at_the_end_is_said_to_be_too_much() {
    for query in [
        "SELECT SUM(a) FROM \"AWS/KMS\";",
        "SELECT SUM(a) FROM \"AWS/KMS\" ;",
        "SELECT SUM(a) FROM b;",
        "SELECT SUM(a) FROM SCHEMA(\"AWS/KMS\", KeyArn);",
        "SELECT SUM(a) FROM b WHERE c = 'd';",
        "SELECT SUM(a) FROM b GROUP BY c ORDER BY SUM() DESC LIMIT 10;\n",
    ] {
        let error = parse(query).expect_err(query);
        assert_eq!(error.message(), "Invalid syntax near ';'", "{query}");
        assert_eq!(error.expected(), Some("the end of the query, without ;"), "{query}");
    }
    let quotes = parse("SELECT SUM(a) FROM AWS/KMS;").expect_err("no quotes");
    assert!(quotes.expected().expect("expected").ends_with("\"AWS/KMS\""), "{quotes}");
    let after_quotes = parse("SELECT SUM(a) FROM \"AWS/KMS\"/x").expect_err("no such thing");
    assert!(!after_quotes.expected().expect("expected").contains("double quotes"), "{after_quotes}");
}

#[test]
fn tags_and_accounts_are_no_keys_of_a_schema() {
    for key in ["tag.env", "tag.\"env\"", "AWS.AccountId"] {
        let error = parse(&format!("SELECT SUM(a) FROM SCHEMA(\"AWS/KMS\", {key})")).expect_err(key);
        let expected = error.expected().expect("expected");
        assert!(expected.contains("tags and AWS.AccountId are none"), "{expected}");
    }
    assert!(parse("SELECT SUM(a) FROM SCHEMA(\"AWS/KMS\", \"tag.env\")").is_ok(), "a dimension may be called so");
}

#[test]
fn a_tag_has_a_name() {
    let error = parse("SELECT SUM(a) FROM b WHERE tag.\"\" = 'x'").expect_err("no name");
    assert!(error.expected().expect("expected").starts_with("tag.NAME"), "{error}");
}
