//! The `contract!` macro: parse -> model -> check -> expand, each a plain function on token
//! streams.
//!
//! - `parse`: tokens to items, one by one, so that one that does not parse hides no other.
//! - `model`: items to what the contract says: events, errors, requests, names.
//! - `check`: what no single item can know: collisions.
//! - `expand`: the model to code. Thin: all logic is in the runtime.
//!
//! Every stage reports into one list of `Errors` and goes on with what it has; what parsed is
//! always emitted. A panic in here is a bug.

mod check;
mod errors;
mod expand;
mod model;
mod names;
mod parse;
mod serde_attributes;

#[cfg(test)]
mod tests;

use errors::Errors;
use proc_macro2::TokenStream;
use quote::quote;

/// What `magicbutton::contract!` calls, after the path under which it finds the runtime:
/// `contract!{ (path) contract }`, or, where it holds values to rules, `contract!{ (path; validate)
/// contract }`. Not for direct use.
#[proc_macro]
pub fn contract(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand_contract(input.into()).into()
}

fn expand_contract(input: TokenStream) -> TokenStream {
    let errors = Errors::default();
    let code = parse::parse(input, &errors).map(|parsed| {
        let (runtime, contract) = parsed;
        let mut model = model::Contract::new(contract, &errors);
        model.validates = runtime.validates;
        check::check(&mut model, &errors);
        expand::expand(&runtime.path, &model)
    });
    let errors = errors.into_compile_errors();
    quote!(#errors #code)
}
