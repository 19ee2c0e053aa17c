//! What a person would read with `cargo expand`: checked in, and compared.

use expect_test::{ExpectFile, expect_file};
use quote::quote;

use super::{expand, full, guarded, secrets, small};

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
