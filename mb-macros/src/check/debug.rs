//! A `Debug` that the user derives would show what is sensitive.

use syn::{Attribute, Fields, Path, Token, punctuated::Punctuated};

use crate::{
    errors::Errors,
    model::{Contract, PlainType, is_sensitive},
};

pub(super) fn check(contract: &Contract, errors: &Errors) {
    for item in &contract.types {
        match item {
            PlainType::Struct(item) if hides(&item.fields) => derived(&item.attrs, errors),
            PlainType::Enum(item) if item.variants.iter().any(|v| hides(&v.fields)) => {
                derived(&item.attrs, errors);
            }
            _ => {}
        }
    }
    for event in contract.events.iter().filter(|event| hides(&event.item.fields)) {
        derived(&event.item.attrs, errors);
    }
    for error in &contract.errors {
        if error.variants.iter().any(|error| hides(&error.variant.fields)) {
            derived(&error.attrs, errors);
        }
    }
    for request in &contract.requests {
        if request.arguments.iter().any(|argument| is_sensitive(&argument.attrs)) {
            derived(&request.payload_attrs, errors);
        }
    }
}

fn hides(fields: &Fields) -> bool {
    fields.iter().any(|field| is_sensitive(&field.attrs))
}

fn derived(attrs: &[Attribute], errors: &Errors) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("derive")) {
        let list = attr.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated);
        let is_debug = |path: &Path| path.segments.last().is_some_and(|s| s.ident == "Debug");
        if let Some(debug) = list.iter().flatten().find(|path| is_debug(path)) {
            errors.at(
                debug,
                "a derived `Debug` shows every field, and one of these is sensitive: take it out, \
                 the contract has one of its own",
            );
        }
    }
}
