//! The lists against AWS's pages, and what operators may write.

use super::{PriceList, PriceTable, QuotaList, QuotaTable};

/// US dollars for 10,000 requests.
fn price(prices: &PriceList, operation: &str, pool: Option<&str>, region: &str) -> Option<f64> {
    prices.per_request(operation, pool, region).map(|price| (price.dollars * 1e10).round() / 1e6)
}

#[test]
fn prices_are_those_of_the_pricing_page() {
    let prices = PriceList::default();
    for (operation, pool, dollars) in [
        ("Decrypt", Some("Symmetric"), 0.03),
        ("Decrypt", None, 0.03),
        ("GenerateRandom", None, 0.03),
        ("Decrypt", Some("RSA_2048"), 0.03),
        ("Decrypt", Some("RSA"), 0.15),
        ("Sign", Some("RSA_4096"), 0.15),
        ("Sign", None, 0.15),
        ("Verify", Some("ECC"), 0.15),
        ("GenerateDataKeyPair", Some("GenerateDataKeyPair-ECC_NIST_P384"), 0.10),
        ("GenerateDataKeyPair", Some("GenerateDataKeyPair-RSA_2048"), 12.0),
        ("GenerateDataKeyPairWithoutPlaintext", Some("GenerateDataKeyPair-RSA_4096"), 12.0),
        ("GetPublicKey", None, 0.15),
        ("GetPublicKey", Some("GetPublicKey"), 0.15),
        ("DescribeKey", None, 0.03),
    ] {
        assert_eq!(price(&prices, operation, pool, "us-east-1"), Some(dollars), "{operation} {pool:?}");
    }
}

#[test]
fn a_thousand_requests_a_second_cost_what_the_reference_works_out() {
    // 30 days at 1,000 a second are 2.592 thousand million requests: $7,776. So are 100 RSA_3072 signatures a second
    // $3,888, and one RSA pair a second $3,110.40.
    let prices = PriceList::default();
    let month = 30.0 * 86_400.0;
    for (pool, per_second, dollars) in
        [("Symmetric", 1000.0, 7776.0), ("RSA_3072", 100.0, 3888.0), ("GenerateDataKeyPair-RSA_2048", 1.0, 3110.4)]
    {
        let price = prices.per_request("", Some(pool), "eu-central-1").expect("every Region has it").dollars;
        assert!((price * per_second * month - dollars).abs() < 1e-6, "{pool}: {}", price * per_second * month);
    }
}

#[test]
fn no_price_is_told_where_none_is_known() {
    let prices = PriceList::default();
    assert_eq!(price(&prices, "Decrypt", None, "cn-north-1"), None);
    assert_eq!(price(&prices, "Decrypt", None, "us-gov-west-1"), Some(0.03));
}

#[test]
fn amounts_say_what_they_are() {
    let prices = PriceList::default();
    assert_eq!(prices.label(), "list price of 2026-08-07, estimated");
}

#[test]
fn quotas_are_those_of_the_developer_guide() {
    let quotas = QuotaList::default();
    for (region, pool, per_second) in [
        ("us-east-1", "Symmetric", Some(100_000.0)),
        ("us-west-2", "Symmetric", Some(100_000.0)),
        ("eu-west-1", "Symmetric", Some(100_000.0)),
        ("us-east-2", "Symmetric", Some(20_000.0)),
        ("eu-west-2", "Symmetric", Some(20_000.0)),
        ("ap-northeast-1", "Symmetric", Some(20_000.0)),
        ("eu-north-1", "Symmetric", Some(10_000.0)),
        ("us-east-1", "RSA", Some(1000.0)),
        ("us-east-1", "ECC", Some(1000.0)),
        ("us-east-1", "ML-DSA", Some(1000.0)),
        ("us-east-1", "ML-KEM", None),
        ("us-east-1", "GenerateDataKeyPair-ECC_NIST_EDWARDS25519", Some(100.0)),
        ("us-east-1", "GenerateDataKeyPair-RSA_2048", Some(20.0)),
        ("us-east-1", "GenerateDataKeyPair-RSA_3072", Some(4.0)),
        ("us-east-1", "GenerateDataKeyPair-RSA_4096", Some(1.0)),
        ("us-east-1", "DescribeKey", Some(2000.0)),
        ("us-east-1", "ListAliases", Some(500.0)),
        ("us-east-1", "CreateGrant", Some(50.0)),
        ("us-east-1", "CreateKey", Some(5.0)),
        ("us-east-1", "GetParametersForImport", Some(1.0)),
        ("us-east-1", "GetCallerIdentity", None),
    ] {
        let quota = quotas.per_second("111122223333", region, pool);
        assert_eq!(quota.map(|quota| quota.per_second), per_second, "{region} {pool}");
    }
}

#[test]
fn every_pool_of_cryptographic_requests_but_the_newest_has_a_quota() {
    use crate::domain::Pool;
    let quotas = QuotaList::default();
    let pools = [Pool::Symmetric, Pool::Rsa, Pool::Ecc, Pool::MlDsa, Pool::MlKem];
    let without = pools.into_iter().filter(|pool| quotas.per_second("", "us-east-1", pool.name()).is_none());
    assert_eq!(without.collect::<Vec<_>>(), [Pool::MlKem]);
}

#[test]
fn an_operators_prices_come_first() {
    let table: PriceTable = toml::from_str(
        "[[override]]\npool = 'RSA'\nper_10000 = 0.03\n[[override]]\npool = 'Symmetric'\nregion = 'cn-north-1'\nper_10000 = 0.05",
    )
    .expect("as documented");
    let prices = table.prices(None).expect("it can be");
    assert_eq!(price(&prices, "Sign", Some("RSA"), "us-east-1"), Some(0.03));
    assert_eq!(price(&prices, "Decrypt", None, "cn-north-1"), Some(0.05));
    assert_eq!(price(&prices, "Decrypt", None, "cn-northwest-1"), None);
    assert_eq!(price(&prices, "Decrypt", None, "us-east-1"), Some(0.03));
    assert_eq!(prices.label(), "list price of 2026-08-07 and own prices, estimated");
}

#[test]
fn an_operators_quotas_come_first_and_only_where_they_hold() {
    let table: QuotaTable = toml::from_str(
        "[[override]]\naccount = '111122223333'\nregion = 'us-east-1'\npool = 'Symmetric'\nper_second = 150000",
    )
    .expect("as documented");
    let quotas = table.quotas(None).expect("it can be");
    let quota = |account, region| quotas.per_second(account, region, "Symmetric").expect("known");
    assert_eq!(quota("111122223333", "us-east-1").per_second, 150_000.0);
    assert_eq!(quota("111122223333", "us-east-1").origin.to_string(), "set by the operator");
    assert_eq!(quota("444455556666", "us-east-1").per_second, 100_000.0);
    assert_eq!(quota("111122223333", "us-west-2").per_second, 100_000.0);
    assert!(quota("444455556666", "us-east-1").origin.to_string().contains("the account's own may be higher"));
}

#[test]
fn a_list_of_ones_own_replaces_the_shipped_one() {
    let own = "date = '2027-01-01'\nsource = 'contract'\n[free_tier]\nrequests_per_month = 0\n\
               [[price]]\nusage_type = 'KMS-Requests'\npools = ['*']\nper_10000 = 0.01\n";
    let table: PriceTable = toml::from_str("file = 'own.toml'").expect("as documented");
    let prices = table.prices(Some(own)).expect("it can be");
    assert_eq!(price(&prices, "Sign", None, "eu-west-1"), Some(0.01));
    assert_eq!(prices.label(), "list price of 2027-01-01, estimated");
}

#[test]
fn what_cannot_be_is_named_with_its_place() {
    let text = "[[override]]\naccount = '1234'\nregion = 'Frankfurt'\npool = 'Symetric'\nper_second = 0";
    let table: QuotaTable = toml::from_str(text).expect("it can be read");
    let errors = table.quotas(None).expect_err("nothing of it can be");
    let told: Vec<(&str, &str)> = errors.iter().map(|error| (&text[error.span.clone()], &*error.message)).collect();
    let expected = [
        ("'Symetric'", "no quota pool is called 'Symetric'"),
        ("'Frankfurt'", "expected one such as eu-west-1"),
        ("'1234'", "expected twelve digits"),
        ("0", "per_second is 0; expected requests a second, more than 0"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for ((place, message), (wanted_place, part)) in told.iter().zip(expected) {
        assert_eq!(*place, wanted_place);
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn what_is_wrong_in_a_list_is_told_with_its_line() {
    let table: QuotaTable = toml::from_str("file = 'own.toml'").expect("as documented");
    let own = "date = '2027-01-01'\nsource = 'contract'\n[[quota]]\npools = ['RSA']\nper_second = -1\n";
    let errors = table.quotas(Some(own)).expect_err("a rate below zero");
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].message, "own.toml:5: per_second is -1; expected requests a second, more than 0");
    assert_eq!(errors[0].span, 7..17);
}
