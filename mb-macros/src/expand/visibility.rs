//! Everything in a contract is as visible as the contract's module. What is declared further inside
//! has to say so from there.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Path, Visibility};

/// The visibility of the contract's module, as seen from `depth` modules inside it.
pub(super) fn seen_from(contract: &Visibility, depth: usize, at: Span) -> TokenStream {
    let up = vec![quote!(super); depth];
    match contract {
        Visibility::Public(_) => quote_spanned!(at=> pub),
        Visibility::Inherited if depth == 1 => quote_spanned!(at=> pub(super)),
        Visibility::Inherited => quote_spanned!(at=> pub(in #(#up)::*)),
        Visibility::Restricted(restricted) => {
            let path = restricted.path.as_ref();
            if begins_with(path, "crate") {
                quote_spanned!(at=> pub(in #path))
            } else if path.is_ident("self") {
                seen_from(&Visibility::Inherited, depth, at)
            } else {
                quote_spanned!(at=> pub(in #(#up::)* #path))
            }
        }
    }
}

fn begins_with(path: &Path, word: &str) -> bool {
    path.segments.first().is_some_and(|first| first.ident == word)
}
