//! Plain types, and what they have in common with events: public fields, derives, names.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Attribute, Fields, ItemEnum, ItemStruct, ItemType, Visibility, parse_quote, spanned::Spanned,
};

use super::{Scope, at, debug, payload_attributes, rules};
use crate::{model::PlainType, serde_attributes::keys as serde_keys};

/// Struct fields, and the fields of struct variants.
const CAMEL_FIELDS: &str = "rename_all = \"camelCase\"";
const CAMEL_VARIANT_FIELDS: &str = "rename_all_fields = \"camelCase\"";

pub(super) fn expand(scope: &Scope<'_>, item: &PlainType) -> TokenStream {
    match item {
        PlainType::Struct(item) => structure(scope, item),
        PlainType::Enum(item) => enumeration(scope, item),
        PlainType::Alias(item) => {
            let item = ItemType { vis: visible(scope, item.type_token), ..item.clone() };
            quote!(#item)
        }
    }
}

/// A struct as it travels: a plain type, or an event.
pub(super) fn structure(scope: &Scope<'_>, item: &ItemStruct) -> TokenStream {
    let style: &[&str] =
        if matches!(item.fields, Fields::Named(_)) { &[CAMEL_FIELDS] } else { &[] };
    let hides = debug::hides(&item.fields);
    let attrs = payload_attributes(scope, &item.ident, &item.attrs, "self", style, hides);
    let debug = debug::of_struct(scope, item);
    let rules = rules::of_struct(scope, item);
    let mut item = ItemStruct { attrs, vis: visible(scope, item.struct_token), ..item.clone() };
    for field in &mut item.fields {
        field.vis = visible(scope, field.ident.to_token_stream());
    }
    item.fields = debug::unmarked(&item.fields);
    quote!(#item #debug #rules)
}

fn enumeration(scope: &Scope<'_>, item: &ItemEnum) -> TokenStream {
    let style = [CAMEL_FIELDS, CAMEL_VARIANT_FIELDS];
    let hides = item.variants.iter().any(|variant| debug::hides(&variant.fields));
    let attrs = payload_attributes(scope, &item.ident, &item.attrs, "self", &style, hides);
    let debug = debug::of_enum(scope, &item.ident, &item.attrs, &item.generics, &item.variants);
    let rules = rules::of_enum(scope, item);
    let names = has_wire_names(item).then(|| wire_name_traits(scope, item));
    let mut item = ItemEnum { attrs, vis: visible(scope, item.enum_token), ..item.clone() };
    item.variants.iter_mut().for_each(|variant| variant.fields = debug::unmarked(&variant.fields));
    quote!(#item #names #debug #rules)
}

/// Whether each value of an enum is a name on the wire, and nothing else.
fn has_wire_names(item: &ItemEnum) -> bool {
    let only = |attrs: &[Attribute], keys: &[&str]| {
        serde_keys(attrs).iter().all(|given| keys.contains(&given.as_str()))
    };
    let bare = item.variants.iter().all(|variant| {
        matches!(variant.fields, Fields::Unit) && only(&variant.attrs, &["rename", "alias"])
    });
    bare && !item.variants.is_empty()
        && item.generics.params.is_empty()
        && only(&item.attrs, &["rename_all", "rename", "expecting"])
}

/// An enum of bare variants shows and reads its wire names, as serde has them.
fn wire_name_traits(scope: &Scope<'_>, item: &ItemEnum) -> TokenStream {
    let ident = &item.ident;
    let rt = scope.rt_at(ident);
    quote_spanned! {at(ident)=>
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #rt::serde::Serialize::serialize(self, f)
            }
        }
        impl ::core::str::FromStr for #ident {
            type Err = #rt::UnknownName;
            fn from_str(name: &str) -> ::core::result::Result<Self, #rt::UnknownName> {
                #rt::named(name)
            }
        }
    }
}

/// As visible as the contract, at the word that it is said of: lints then point there, not at the
/// macro.
fn visible(scope: &Scope<'_>, word: impl ToTokens) -> Visibility {
    let vis = scope.vis(word.span());
    parse_quote!(#vis)
}
