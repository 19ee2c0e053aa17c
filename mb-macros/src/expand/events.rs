//! Events: a struct each, tied to its place in the contract.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Index;

use super::{Scope, plain};

pub(super) fn expand(scope: &Scope<'_>) -> TokenStream {
    let rt = scope.rt;
    let events = scope.contract.events.iter().enumerate().map(|(position, event)| {
        let structure = plain::structure(scope, &event.item);
        let ident = &event.item.ident;
        let position = Index::from(position);
        quote! {
            #structure
            impl #rt::Event for #ident {
                const DESCRIPTOR: &'static #rt::EventDescriptor = &CONTRACT.events[#position];
            }
            impl #rt::EventOf<Client> for #ident {}
        }
    });
    super::tokens(events)
}
