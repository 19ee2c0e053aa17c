//! `#[error]`: an enum of what a request may answer instead of its reply.

use syn::{Attribute, Fields, Ident, ItemEnum, Meta, Variant};

use super::{
    attributes::{Keys, Marker, Marks, docs},
    message::Template,
    plain,
};
use crate::{errors::Errors, names};

/// A declared error enum.
pub(crate) struct ErrorEnum {
    /// The user's attributes, docs included.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) ident: Ident,
    pub(crate) variants: Vec<ErrorVariant>,
}

/// One declared error.
pub(crate) struct ErrorVariant {
    /// The variant without our attributes.
    pub(crate) variant: Variant,
    pub(crate) code: String,
    pub(crate) status: u16,
    pub(crate) template: Template,
    pub(crate) retryable: bool,
    pub(crate) docs: String,
}

/// The codes that every server uses by itself: a declared error of the same code could not be told
/// from a fault.
pub(crate) const RESERVED: [&str; 12] = [
    "UNKNOWN_REQUEST_TYPE",
    "INTERNAL_SERVER_ERROR",
    "VALIDATION_FAILED",
    "AUTHENTICATION_REQUIRED",
    "INVALID_TOKEN",
    "FORBIDDEN",
    "RATE_LIMIT_EXCEEDED",
    "TIMEOUT",
    "CANCELLED",
    "UNAVAILABLE",
    "PAYLOAD_TOO_LARGE",
    "CONTRACT_MISMATCH",
];

impl ErrorEnum {
    pub(super) fn new(item: ItemEnum, mark: &Attribute, errors: &Errors) -> Self {
        let misplaced = matches!(&mark.meta, Meta::List(list) if !list.tokens.is_empty());
        if misplaced {
            errors.at(mark, "this belongs above a variant: above the enum write `#[error]`");
        }
        plain::check_visibility(&item.vis, errors);
        if item.variants.is_empty() {
            errors.at(
                &item.ident,
                "an error enum without variants: a request that cannot fail is written `-> T`",
            );
        }
        let variants = item
            .variants
            .into_iter()
            .filter_map(|variant| ErrorVariant::new(variant, misplaced, errors));
        Self { variants: variants.collect(), attrs: item.attrs, ident: item.ident }
    }
}

impl ErrorVariant {
    /// `misplaced` says that what a variant lacks was said above its enum.
    fn new(mut variant: Variant, misplaced: bool, errors: &Errors) -> Option<Self> {
        let marks = Marks::take(&mut variant.attrs, errors);
        marks.allow(&[Marker::Error], "a variant of an error", errors);
        plain::check_fields(&mut variant.fields, "a field of an error", errors);
        if !plain::check_name(&variant.ident, errors) {
            return None;
        }
        if let Fields::Unnamed(fields) = &variant.fields {
            errors.at(fields, "the fields of an error travel by name: write `{ name: Type }`");
            return None;
        }
        let mut code = names::code(&variant.ident);
        let mut status = 500;
        let mut retryable = false;
        let mut template = None;
        match marks.find(Marker::Error) {
            Some(mark) => {
                let known = ["code", "status", "message", "retryable"];
                let keys = Keys::read(mark, &known, errors);
                for key in ["status", "message"].into_iter().filter(|key| !keys.has(key)) {
                    errors.at(mark, missing(key));
                }
                code = read_code(&keys, errors).unwrap_or(code);
                status = read_status(&keys, errors).unwrap_or(status);
                retryable = keys.flag("retryable", errors);
                template = keys
                    .string("message", errors)
                    .map(|message| Template::new(&message, &variant.fields, errors));
            }
            None if misplaced => {}
            None => errors.at(
                &variant.ident,
                "every error has a status and a message: write \
                 `#[error(status = 404, message = \"..\")]` above it",
            ),
        }
        if RESERVED.contains(&code.as_str()) {
            errors.at(
                &variant.ident,
                format!("the code {code} is every server's own: give this error another `code`"),
            );
        }
        let docs = docs(&variant.attrs);
        let template = template.unwrap_or_default();
        Some(Self { variant, code, status, template, retryable, docs })
    }
}

fn missing(key: &str) -> String {
    let example = if key == "status" { "status = 404" } else { "message = \"..\"" };
    format!("this error has no {key}: add `{example}`")
}

fn read_code(keys: &Keys, errors: &Errors) -> Option<String> {
    let code = keys.string("code", errors)?;
    let text = code.value();
    if !names::is_code(&text) {
        errors.at(&code, "a code is in SCREAMING_SNAKE_CASE: `ORDER_NOT_FOUND`");
        return None;
    }
    Some(text)
}

fn read_status(keys: &Keys, errors: &Errors) -> Option<u16> {
    let status = keys.integer("status", errors)?;
    match status.base10_parse::<u16>() {
        Ok(number @ 400..=599) => Some(number),
        _ => {
            errors.at(&status, "the status of an error is 400 to 599: 4xx where the caller can do something about it");
            None
        }
    }
}
