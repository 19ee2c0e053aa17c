//! Events: a struct each, tied to its place in the contract.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::Index;

use super::{Scope, at, plain, rules};

pub(super) fn expand(scope: &Scope<'_>) -> TokenStream {
    let events = scope.contract.events.iter().enumerate().map(|(position, event)| {
        let structure = plain::structure(scope, &event.item);
        let ident = &event.item.ident;
        let rt = scope.rt_at(ident);
        let position = Index::from(position);
        let rules = rules::of_event(scope, event);
        quote_spanned! {at(ident)=>
            #structure
            impl #rt::Event for #ident {
                const DESCRIPTOR: &'static #rt::EventDescriptor = &CONTRACT.events[#position];
                #rules
            }
            impl #rt::EventOf<Client> for #ident {}
        }
    });
    super::tokens(events)
}
