//! Where every stage leaves what is wrong: nothing stops at the first mistake.

use std::{cell::RefCell, fmt::Display};

use proc_macro2::TokenStream;
use quote::ToTokens;

/// Every mistake found so far.
#[derive(Default)]
pub(crate) struct Errors(RefCell<Vec<syn::Error>>);

impl Errors {
    /// Reports a mistake at the user's word.
    pub(crate) fn at(&self, word: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(word, message));
    }

    /// Reports a mistake at two of the user's words.
    pub(crate) fn at_both(
        &self,
        word: impl ToTokens,
        message: impl Display,
        other: impl ToTokens,
        note: impl Display,
    ) {
        let mut error = syn::Error::new_spanned(word, message);
        error.combine(syn::Error::new_spanned(other, note));
        self.push(error);
    }

    /// Reports what a parser said.
    pub(crate) fn push(&self, error: syn::Error) {
        self.0.borrow_mut().push(error);
    }

    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.0.into_inner().iter().map(syn::Error::to_compile_error).collect()
    }
}

/// Takes the value, or reports why there is none.
pub(crate) fn keep<T>(result: syn::Result<T>, errors: &Errors) -> Option<T> {
    result.map_err(|error| errors.push(error)).ok()
}

/// The end of a message about an unknown word: the nearest known one, and all that are known.
pub(crate) fn expected(word: &str, known: &[&str]) -> String {
    let near = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(word, known), known))
        .filter(|(distance, known)| {
            *distance <= known.len().max(word.len()) / 3
                || (!word.is_empty() && (known.starts_with(word) || word.starts_with(**known)))
        })
        .min_by_key(|(distance, _)| *distance);
    let list = known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
    match near {
        Some((_, near)) => format!("did you mean `{near}`? (expected {list})"),
        None => format!("expected {list}"),
    }
}
