//! Where every stage leaves what is wrong: nothing stops at the first mistake.

use std::{cell::RefCell, fmt::Display};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;

/// How the parser begins where tokens are missing.
const NO_MORE: &str = "unexpected end of input, ";

/// At the end of an unfinished item the parser has no place to point to but the whole macro: the
/// item's last token is a better one.
pub(crate) fn after_last(error: syn::Error, last: TokenTree) -> syn::Error {
    let text = error.to_string();
    let text = match text.strip_prefix(NO_MORE) {
        Some(text) => text,
        None if text == "expected `;`" => &text,
        None => return error,
    };
    syn::Error::new(last.span(), format!("{} after this", in_words(text)))
}

/// How the parser lists all that a type may begin with, and all that may follow a name.
fn in_words(text: &str) -> &str {
    if text.starts_with("expected one of: `for`, parentheses") {
        "expected a type"
    } else if text.starts_with("expected one of: `where`, parentheses") {
        "expected `{ .. }`"
    } else {
        text
    }
}

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

    /// Reports what a parser said, in the words of a person.
    pub(crate) fn push(&self, error: syn::Error) {
        let text = error.to_string();
        let plain = in_words(text.strip_prefix(NO_MORE).unwrap_or(&text));
        if plain.len() == text.len() {
            // As it is, its second place included.
            return self.0.borrow_mut().push(error);
        }
        self.0.borrow_mut().push(syn::Error::new(error.span(), plain));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
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
