//! Plain types: declared in the contract so that it is whole, and public like everything in it.

use syn::{
    Attribute, Field, Fields, GenericParam, Generics, Ident, ItemEnum, ItemStruct, ItemType,
    Visibility, parse_quote,
};

use super::{
    attributes::{Marker, Marks},
    travel::check_type,
};
use crate::{errors::Errors, names};

/// A type that is no message by itself.
pub(crate) enum PlainType {
    Struct(ItemStruct),
    Enum(ItemEnum),
    Alias(ItemType),
}

impl PlainType {
    pub(super) fn from_struct(mut item: ItemStruct, errors: &Errors) -> Self {
        check_visibility(&item.vis, errors);
        check_generics(&item.generics, "a type of a contract", errors);
        check_fields(&mut item.fields, "a field", errors);
        Self::Struct(item)
    }

    pub(super) fn from_enum(mut item: ItemEnum, errors: &Errors) -> Self {
        check_visibility(&item.vis, errors);
        check_generics(&item.generics, "a type of a contract", errors);
        for variant in &mut item.variants {
            check_renamed(&variant.ident, &mut variant.attrs, errors);
            Marks::take(&mut variant.attrs, errors).allow(&[], "a variant of a plain enum", errors);
            check_fields(&mut variant.fields, "a field", errors);
        }
        Self::Enum(item)
    }

    pub(crate) fn ident(&self) -> &Ident {
        match self {
            Self::Struct(item) => &item.ident,
            Self::Enum(item) => &item.ident,
            Self::Alias(item) => &item.ident,
        }
    }
}

/// Everything in a contract is as visible as the contract: `pub` is allowed, and never needed.
pub(super) fn check_visibility(vis: &Visibility, errors: &Errors) {
    if let Visibility::Restricted(vis) = vis {
        errors.at(
            vis,
            "everything in a contract is as visible as the contract itself: take this out",
        );
    }
}

/// Checks the visibility of fields, takes misplaced attributes out.
pub(super) fn check_fields(fields: &mut Fields, what: &str, errors: &Errors) {
    if let Fields::Named(fields) = fields {
        let mut seen: Vec<Ident> = Vec::new();
        let mut first_of_its_name = |field: &Field| {
            let Some(ident) = &field.ident else { return true };
            match seen.iter().find(|first| *first == ident) {
                Some(first) => {
                    let message = format!("two fields are called `{ident}`");
                    errors.at_both(ident, message, first, "the first one");
                    false
                }
                None => {
                    seen.push(ident.clone());
                    true
                }
            }
        };
        fields.named = std::mem::take(&mut fields.named)
            .into_iter()
            .filter(|field| first_of_its_name(field))
            .collect();
    }
    for Field { attrs, vis, ty, ident, .. } in fields {
        check_visibility(vis, errors);
        if let Some(ident) = ident {
            check_renamed(ident, attrs, errors);
        }
        check_type(ty, what, errors);
        let marks = Marks::take(attrs, errors);
        marks.allow(&[Marker::Sensitive], what, errors);
        marks.keep_sensitive(attrs, errors);
    }
}

/// What is named on the wire has a name there. Says whether it has.
pub(super) fn check_name(ident: &Ident, errors: &Errors) -> bool {
    let can_travel = names::can_travel(ident);
    if !can_travel {
        errors.at(ident, "this name travels: write it in ASCII, with a letter first");
    }
    can_travel
}

/// The same for a field or a variant, whose name serde changes: a name that it could not change
/// keeps out of its way.
fn check_renamed(ident: &Ident, attrs: &mut Vec<Attribute>, errors: &Errors) {
    if !check_name(ident, errors) {
        let name = names::text(ident);
        attrs.push(parse_quote!(#[serde(rename = #name)]));
    }
}

/// What travels owns its content, and messages have one shape.
pub(super) fn check_generics(generics: &Generics, what: &str, errors: &Errors) {
    for param in &generics.params {
        if let GenericParam::Lifetime(lifetime) = param {
            errors.at(lifetime, format!("{what} owns what it holds: it cannot have lifetimes"));
        }
    }
}

/// What is neither generic nor borrowed.
pub(super) fn check_not_generic(generics: &Generics, what: &str, errors: &Errors) {
    if !generics.params.is_empty() {
        errors.at(
            &generics.params,
            format!("{what} has one shape on the wire: it cannot be generic"),
        );
    }
    if let Some(clause) = &generics.where_clause {
        errors.at(clause, format!("{what} is not generic: it has no bounds"));
    }
}
