//! `Debug` where something is sensitive: every field by its name, and of a sensitive one no more.
//! Where nothing is, `Debug` is derived.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, Fields, GenericParam, Generics, Ident, ItemStruct, Variant, parse_quote};

use super::{Scope, at};
use crate::{
    model::{Argument, is_garde, is_sensitive, is_sensitive_mark},
    names,
    serde_attributes::derived,
};

/// Whether values of these fields are not all to be seen.
pub(super) fn hides(fields: &Fields) -> bool {
    fields.iter().any(|field| is_sensitive(&field.attrs))
}

/// Fields as the compiler sees them: `#[sensitive]` is ours, and rules are read by us.
pub(super) fn unmarked(fields: &Fields) -> Fields {
    let mut fields = fields.clone();
    fields.iter_mut().for_each(|field| field.attrs.retain(is_theirs));
    fields
}

/// Whether an attribute of a field is for somebody else to read.
pub(super) fn is_theirs(attr: &Attribute) -> bool {
    !is_sensitive_mark(attr) && !is_garde(attr)
}

pub(super) fn of_struct(scope: &Scope<'_>, item: &ItemStruct) -> Option<TokenStream> {
    if !hides(&item.fields) || is_given(&item.attrs) {
        return None;
    }
    let Shown { pattern, body } = shown(scope, &item.ident, &item.fields);
    let arm = quote!(Self #pattern => #body);
    Some(implement(&item.ident, &item.generics, &[arm]))
}

pub(super) fn of_enum<'a>(
    scope: &Scope<'_>,
    ident: &Ident,
    attrs: &[Attribute],
    generics: &Generics,
    variants: impl IntoIterator<Item = &'a Variant>,
) -> Option<TokenStream> {
    let variants: Vec<&Variant> = variants.into_iter().collect();
    if !variants.iter().any(|variant| hides(&variant.fields)) || is_given(attrs) {
        return None;
    }
    let arms: Vec<TokenStream> = variants
        .iter()
        .map(|Variant { ident, fields, .. }| {
            let Shown { pattern, body } = shown(scope, ident, fields);
            quote!(Self::#ident #pattern => #body)
        })
        .collect();
    Some(implement(ident, generics, &arms))
}

/// That of a request's payload.
pub(super) fn of_payload(
    scope: &Scope<'_>,
    payload: &Ident,
    attrs: &[Attribute],
    arguments: &[Argument],
) -> Option<TokenStream> {
    let fields: syn::FieldsNamed = {
        let fields = arguments.iter().map(|Argument { attrs, ident, ty }| {
            let mark = attrs.iter().filter(|attr| is_sensitive_mark(attr));
            quote!(#(#mark)* #ident: #ty)
        });
        parse_quote!({ #(#fields),* })
    };
    let fields = Fields::Named(fields);
    if !hides(&fields) || is_given(attrs) {
        return None;
    }
    let Shown { pattern, body } = shown(scope, payload, &fields);
    let arm = quote!(Self #pattern => #body);
    Some(implement(payload, &Generics::default(), &[arm]))
}

/// What the user derives, the user derives; that it would show what is sensitive is an error.
fn is_given(attrs: &[Attribute]) -> bool {
    derived(attrs).iter().any(|name| name == "Debug")
}

/// One struct or variant: how it is taken apart, and what is written of it.
struct Shown {
    pattern: TokenStream,
    body: TokenStream,
}

fn shown(scope: &Scope<'_>, name: &Ident, fields: &Fields) -> Shown {
    let rt = scope.rt_at(name);
    let label = names::text(name);
    let (mut patterns, mut written) = (Vec::new(), Vec::new());
    for (position, field) in fields.iter().enumerate() {
        // Names of its own, so that no field is called as the formatter is.
        let bound = format_ident!("field_{position}");
        let (pattern, value) = if is_sensitive(&field.attrs) {
            (quote!(_), quote!(&#rt::Hidden))
        } else {
            (bound.to_token_stream(), bound.to_token_stream())
        };
        match &field.ident {
            Some(ident) => {
                let label = names::text(ident);
                patterns.push(quote!(#ident: #pattern));
                written.push(quote!(.field(#label, #value)));
            }
            None => {
                patterns.push(pattern);
                written.push(quote!(.field(#value)));
            }
        }
    }
    let (pattern, start) = match fields {
        Fields::Named(_) => (quote!({ #(#patterns),* }), quote!(debug_struct)),
        Fields::Unnamed(_) => (quote!((#(#patterns),*)), quote!(debug_tuple)),
        Fields::Unit => (TokenStream::new(), quote!(debug_struct)),
    };
    Shown { pattern, body: quote!(f.#start(#label)#(#written)*.finish()) }
}

fn implement(ident: &Ident, generics: &Generics, arms: &[TokenStream]) -> TokenStream {
    let mut generics = generics.clone();
    for param in &mut generics.params {
        // As a derive bounds them.
        if let GenericParam::Type(param) = param {
            param.bounds.push(parse_quote!(::core::fmt::Debug));
        }
    }
    let (parameters, arguments, bounds) = generics.split_for_impl();
    quote_spanned! {at(ident)=>
        impl #parameters ::core::fmt::Debug for #ident #arguments #bounds {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self { #(#arms),* }
            }
        }
    }
}
