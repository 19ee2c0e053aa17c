//! `#[event]`: a struct that is a fact, one way.

use quote::ToTokens;
use syn::{Attribute, Fields, ItemStruct};

use super::{
    Access,
    attributes::{Keys, docs},
    plain,
};
use crate::{errors::Errors, names};

/// An event.
pub(crate) struct Event {
    pub(crate) item: ItemStruct,
    pub(crate) wire_name: String,
    pub(crate) docs: String,
    /// Whether it is kept for readers that are not there now.
    pub(crate) durable: bool,
    /// Who may, where it says so.
    pub(crate) access: Option<Access>,
}

impl Event {
    /// The event, or the struct where it cannot be one.
    pub(super) fn new(
        mut item: ItemStruct,
        mark: &Attribute,
        errors: &Errors,
    ) -> Result<Self, Box<ItemStruct>> {
        let keys = Keys::read(mark, &["rename", "durable"], errors);
        plain::check_visibility(&item.vis, errors);
        plain::check_not_generic(&item.generics, "an event", errors);
        plain::check_fields(&mut item.fields, "a field of an event", errors);
        if !matches!(item.fields, Fields::Named(_)) {
            let word = match &item.fields {
                Fields::Unit => item.ident.to_token_stream(),
                fields => fields.to_token_stream(),
            };
            let name = &item.ident;
            errors.at(
                word,
                format!("the fields of an event travel by name: write `struct {name} {{ .. }}`"),
            );
            return Err(Box::new(item));
        }
        if !plain::check_name(&item.ident, errors) || !item.generics.params.is_empty() {
            return Err(Box::new(item));
        }
        let wire_name =
            keys.wire_name("rename", errors).unwrap_or_else(|| names::wire(&item.ident));
        let docs = docs(&item.attrs);
        let durable = keys.flag("durable", errors);
        Ok(Self { item, wire_name, docs, durable, access: None })
    }
}
