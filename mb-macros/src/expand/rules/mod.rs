//! Rules to code: garde's `Validate` for each type that has any, in the names that its parts have on the
//! wire. Where a contract has no rules, nothing.
//!
//! - `held`: a type, its parts, and the implementation.
//! - `rule`: one rule.

mod held;
mod rule;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, Expr, Fields, Generics, ItemEnum, ItemStruct, Variant};

use self::held::{Held, Part, parts};
use super::{
    Scope, at,
    sensitive::{Sensitive, naming},
};
use crate::{
    errors::Errors,
    model::{Contract, Event, FieldRules, PlainType, Request, is_garde, of_field, of_whole},
    names,
    serde_attributes::{Naming, has_key},
};

/// What is sensitive in a contract that has rules.
pub(super) fn of(contract: &Contract) -> Option<Sensitive> {
    let in_fields = |fields: &Fields| fields.iter().flat_map(|field| &field.attrs).any(is_garde);
    let in_type = |item: &PlainType| match item {
        PlainType::Struct(item) => item.attrs.iter().any(is_garde) || in_fields(&item.fields),
        PlainType::Enum(item) => {
            item.attrs.iter().any(is_garde) || item.variants.iter().any(|v| in_fields(&v.fields))
        }
        PlainType::Alias(_) => false,
    };
    let is_ruled = contract.types.iter().any(in_type)
        || contract.events.iter().any(event_is_ruled)
        || contract.requests.iter().any(request_is_ruled);
    (contract.validates && is_ruled).then(|| Sensitive::new(contract))
}

fn event_is_ruled(event: &Event) -> bool {
    !whole(&event.item.attrs).is_empty()
        || event.item.fields.iter().any(|field| rules_of(&field.attrs).is_anything())
}

fn request_is_ruled(request: &Request) -> bool {
    !whole(&request.payload_attrs).is_empty()
        || request.arguments.iter().any(|argument| rules_of(&argument.attrs).is_anything())
}

/// What is wrong with them has been reported.
fn rules_of(attrs: &[Attribute]) -> FieldRules {
    of_field(attrs, &Errors::default())
}

fn whole(attrs: &[Attribute]) -> Vec<Expr> {
    of_whole(attrs, &Errors::default())
}

pub(super) fn of_struct(scope: &Scope<'_>, item: &ItemStruct) -> Option<TokenStream> {
    let naming = Naming::of(&item.attrs, "rename_all");
    let whole = has_key(&item.attrs, "transparent");
    let held = Held::new(scope, &item.generics, &item.attrs)?;
    let arm = held.arm(&quote!(Self), parts(&item.fields, &naming, whole));
    held.implement(&item.ident, &item.ident.to_token_stream(), [arm])
}

pub(super) fn of_enum(scope: &Scope<'_>, item: &ItemEnum) -> Option<TokenStream> {
    let held = Held::new(scope, &item.generics, &item.attrs)?;
    let arms = item.variants.iter().map(|variant| {
        let ident = &variant.ident;
        let naming = naming(&item.attrs, &variant.attrs);
        let mut parts = parts(&variant.fields, &naming, false);
        if let (Some(name), [Part { ident: None, place, .. }]) =
            (in_variant(item, variant), &mut parts[..])
        {
            *place = quote!(Named(#name));
        }
        held.arm(&quote!(Self::#ident), parts)
    });
    held.implement(&item.ident, &item.ident.to_token_stream(), arms)
}

/// What the one part of a variant stands under, `{"courier":..}`, where that is the variant's name and
/// can be told from here.
fn in_variant(item: &ItemEnum, variant: &Variant) -> Option<String> {
    let has_other_shape =
        ["tag", "untagged", "rename_all"].iter().any(|key| has_key(&item.attrs, key));
    let is_renamed = has_key(&variant.attrs, "rename");
    (!has_other_shape && !is_renamed).then(|| names::wire_variant(&variant.ident))
}

/// `RULES` of an event that has any.
pub(super) fn of_event(scope: &Scope<'_>, event: &Event) -> Option<TokenStream> {
    let is_ruled = scope.rules.is_some() && event_is_ruled(event);
    is_ruled.then(|| constant(scope, &event.item.ident))
}

/// `RULES` and `REPLY_RULES` of a request, and what holds its payload to them.
pub(super) fn of_request(
    scope: &Scope<'_>,
    request: &Request,
) -> (Option<TokenStream>, Option<TokenStream>) {
    if scope.rules.is_none() {
        return (None, None);
    }
    let Request { ident, payload, payload_attrs, arguments, reply, .. } = request;
    let rt = scope.rt_at(ident);
    let of_reply = &reply.ty;
    let of_reply = quote_spanned! {at(ident)=>
        const REPLY_RULES: #rt::Rules<#of_reply> = {
            #[allow(unused_imports)]
            use #rt::NoRules as _;
            #rt::Probe::<#of_reply>::RULES
        };
    };
    let own = request_is_ruled(request).then(|| constant(scope, ident));
    let naming = Naming::of(payload_attrs, "rename_all");
    let arguments = arguments.iter().map(|argument| {
        Part::new(Some(&argument.ident), &argument.attrs, &argument.ty, &naming, 0, false)
    });
    let generics = Generics::default();
    let held = Held::new(scope, &generics, payload_attrs).and_then(|held| {
        let arm = held.arm(&quote!(Self), arguments.collect());
        held.implement(payload, &quote_spanned!(at(payload)=> requests::#payload), [arm])
    });
    (Some(quote!(#own #of_reply)), held)
}

fn constant(scope: &Scope<'_>, word: &Ident) -> TokenStream {
    let rt = scope.rt_at(word);
    quote_spanned! {at(word)=>
        const RULES: #rt::Rules<Self> = ::core::option::Option::Some(#rt::held::<Self>);
    }
}

/// The variants of the enum over all events whose values have rules.
pub(super) fn ruled_events<'a>(scope: &Scope<'a>) -> (Vec<&'a Ident>, bool) {
    let events = &scope.contract.events;
    let ruled: Vec<_> = events.iter().filter(|event| event_is_ruled(event)).collect();
    let all = ruled.len() == events.len();
    (ruled.into_iter().map(|event| &event.item.ident).collect(), all)
}

/// The same of the enum over all requests.
pub(super) fn ruled_requests<'a>(scope: &Scope<'a>) -> (Vec<&'a Ident>, bool) {
    let requests = &scope.contract.requests;
    let ruled: Vec<_> = requests.iter().filter(|request| request_is_ruled(request)).collect();
    let all = ruled.len() == requests.len();
    (ruled.into_iter().map(|request| &request.payload).collect(), all)
}

/// A method that asks whichever variant there is, of values that are shared or not.
pub(super) fn in_enum(
    scope: &Scope<'_>,
    method: &str,
    shared: bool,
    (ruled, all): (Vec<&Ident>, bool),
) -> Option<TokenStream> {
    if scope.rules.is_none() || ruled.is_empty() {
        return None;
    }
    let (rt, at) = scope.whole();
    let method = format_ident!("{method}");
    let value = if shared { quote!(&**value) } else { quote!(value) };
    let rest = (!all).then(|| quote!(_ => ::core::default::Default::default(),));
    Some(quote_spanned! {at=>
        fn #method(&self) -> #rt::Violations {
            match self {
                #(Self::#ruled(value) => #rt::held(#value),)*
                #rest
            }
        }
    })
}
