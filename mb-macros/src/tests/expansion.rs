//! What a person would read with `cargo expand`: checked in, and compared.

use expect_test::{ExpectFile, expect_file};
use quote::quote;

use super::{errors, expand, expand_validating, full, guarded, ruled, secrets, small};

fn check(contract: proc_macro2::TokenStream, expected: ExpectFile) {
    expected.assert_eq(&prettyplease::unparse(&expand(contract)));
}

#[test]
fn an_empty_contract() {
    let empty = quote! { #[contract(version = "1.0.0")] mod nothing {} };
    check(empty, expect_file!["snapshots/empty.rs"]);
}

#[test]
fn a_small_contract() {
    check(small(), expect_file!["snapshots/small.rs"]);
}

#[test]
fn a_full_contract() {
    check(full(), expect_file!["snapshots/full.rs"]);
}

#[test]
fn a_contract_with_secrets() {
    check(secrets(), expect_file!["snapshots/secrets.rs"]);
}

#[test]
fn a_contract_with_roles() {
    check(guarded(), expect_file!["snapshots/guarded.rs"]);
}

#[test]
fn a_contract_with_rules() {
    let code = prettyplease::unparse(&expand_validating(ruled()));
    expect_file!["snapshots/ruled.rs"].assert_eq(&code);
}

#[test]
fn where_there_are_no_rules_there_is_no_code_for_them() {
    for contract in [small(), full(), guarded(), secrets()] {
        let with = prettyplease::unparse(&expand_validating(contract.clone()));
        assert_eq!(prettyplease::unparse(&expand(contract)), with);
    }
}

#[test]
fn without_the_feature_no_rule_is_passed_over() {
    let of_field = quote! {
        #[contract(version = "1.0.0")]
        mod shop { struct Item { #[garde(ascii)] name: String } }
    };
    let of_error = quote! {
        #[contract(version = "1.0.0")]
        mod shop {
            #[error]
            enum Refused {
                #[error(status = 400, message = "no")]
                No { #[garde(ascii)] name: String },
            }
        }
    };
    assert!(errors(of_field)[0].contains("features = [\"validate\"]"));
    assert!(errors(of_error)[0].starts_with("`#[garde]` belongs on a field"));
}
