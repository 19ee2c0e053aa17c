//! One mistake hides no other, and what parsed is emitted.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::{errors, expand};

/// The names of the items that the contract's module holds.
fn items(contract: TokenStream) -> Vec<String> {
    let modules = expand(contract).items.into_iter().filter_map(|item| match item {
        syn::Item::Mod(module) => module.content,
        _ => None,
    });
    let items = modules.flat_map(|(_, items)| items);
    items
        .filter_map(|item| match item {
            syn::Item::Struct(item) => Some(item.ident.to_string()),
            syn::Item::Enum(item) => Some(item.ident.to_string()),
            syn::Item::Trait(item) => Some(item.into_token_stream().to_string()),
            _ => None,
        })
        .collect()
}

#[test]
fn ten_mistakes_are_ten_errors() {
    let contract = quote! {
        #[contract(version = "one")]
        pub mod orders {
            struct Broken { id String }
            const LIMIT: u32 = 1;
            #[event]
            struct Tuple(u32);
            struct Client {}
            #[error]
            enum Refused {
                #[error(status = 200, message = "x")]
                A,
                #[error(status = 400, message = "{nothing}")]
                B,
            }
            #[request]
            async fn get(&self);
            #[request(detatched)]
            async fn put(id: String);
            async fn bare();
        }
    };
    let errors = errors(contract);
    assert_eq!(errors.len(), 10, "{errors:#?}");
}

#[test]
fn what_parsed_is_emitted_beside_what_did_not() {
    let contract = quote! {
        #[contract(version = "1.0.0")]
        pub mod orders {
            struct Before { id: String }
            struct Half {
                id: Str
                name:
            }
            #[event]
            struct After { id: String }
            async fn
            struct Swallowed {}
            #[request]
            async fn get(id: String) -> After;
            struct Unfinished
        }
    };
    let items = items(contract.clone());
    for name in ["Before", "After", "Client", "Event", "Request", "Error"] {
        assert!(items.iter().any(|item| item == name), "{name}: {items:?}");
    }
    assert!(items.iter().any(|item| item.contains("fn get")), "{items:?}");
    assert_eq!(errors(contract).len(), 3);
}

#[test]
fn no_tokens_make_the_macro_panic() {
    for contract in [
        quote!(),
        quote!(mod),
        quote!(mod x),
        quote!(
            mod x;
        ),
        quote!(
            pub fn x() {}
        ),
        quote!(
            #[contract]
            mod x {}
        ),
        quote!(
            #[contract = 5]
            mod x {}
        ),
        quote!(
            #[contract(version)]
            mod x {}
        ),
        quote!(
            #[contract(version = 1 + 1)]
            mod x {}
        ),
        quote!(
            #[contract(version = "1.0.0",,)]
            mod x {}
        ),
        quote!(#[contract(version = "1.0.0")] mod x { ; ; # }),
        quote!(#[contract(version = "1.0.0")] mod x { #[event] }),
        quote!(
            #[contract(version = "1.0.0")]
            mod x {
                #[error]
                enum E {
                    #[error(..)]
                    A,
                }
            }
        ),
        quote!(
            #[contract(version = "1.0.0")]
            mod x {
                #[error]
                enum E {}
            }
        ),
        quote!(
            #[contract(version = "1.0.0")]
            mod x {
                #[request(timeout = "é5s", timeout)]
                async fn late(#[sensitive = ] #[sensitive()] #[serde(rename(, flatten))] a: u8);
            }
        ),
        quote!(#[contract(version = "1.0.0")] mod x { fn }),
        quote!(#[contract(version = "1.0.0")] mod x { { } ( ) [ ] }),
    ] {
        let text = contract.to_string();
        assert!(!errors(contract).is_empty(), "{text}");
    }
}
