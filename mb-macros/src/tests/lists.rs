//! Lists that repeat what is said elsewhere, held against it.

use quote::quote;

use super::expand;
use crate::{check::CLIENT_METHODS, model::error::RESERVED};

#[test]
fn the_codes_that_no_contract_may_declare_are_those_of_the_faults() {
    let mut faults: Vec<&str> = mb_core::FaultKind::CODED.iter().map(|kind| kind.code()).collect();
    let mut reserved = RESERVED.to_vec();
    faults.sort_unstable();
    reserved.sort_unstable();
    assert_eq!(reserved, faults);
}

#[test]
fn the_names_that_no_request_may_have_are_the_clients_methods() {
    let file = expand(quote! { #[contract(version = "1.0.0")] mod nothing {} });
    let mut methods = vec!["clone".to_owned()];
    for item in file.items {
        let syn::Item::Mod(syn::ItemMod { content: Some((_, items)), .. }) = item else { continue };
        for item in items {
            let syn::Item::Impl(item) = item else { continue };
            if item.trait_.is_none() {
                methods.extend(item.items.iter().filter_map(|item| match item {
                    syn::ImplItem::Fn(method) => Some(method.sig.ident.to_string()),
                    _ => None,
                }));
            }
        }
    }
    let mut known = CLIENT_METHODS.map(str::to_owned).to_vec();
    methods.sort();
    known.sort();
    assert_eq!(known, methods);
}
