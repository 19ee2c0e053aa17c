//! Declared errors: an enum each, its messages, and its place in the contract.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Attribute, Fields, Generics, parse_quote};

use super::{Scope, at, debug, payload_attributes};
use crate::model::{ErrorEnum, ErrorVariant};

pub(super) fn expand(scope: &Scope<'_>) -> TokenStream {
    let mut start = 0;
    let enums = scope.contract.errors.iter().map(|error| {
        let first = start;
        start += error.variants.len();
        one(scope, error, first)
    });
    super::tokens(enums)
}

fn one(scope: &Scope<'_>, error: &ErrorEnum, start: usize) -> TokenStream {
    let ErrorEnum { attrs, ident, variants } = error;
    let rt = scope.rt_at(ident);
    let vis = scope.vis(ident.span());
    let count = variants.len();
    let style = ["tag = \"code\"", "content = \"details\"", "rename_all_fields = \"camelCase\""];
    let hides = variants.iter().any(|error| debug::hides(&error.variant.fields));
    let payload = payload_attributes(scope, ident, attrs, "self", &style, hides);
    let of_variants = variants.iter().map(|error| &error.variant);
    let debug = debug::of_enum(scope, ident, attrs, &Generics::default(), of_variants);
    let declared = variants.iter().map(|error| {
        let code = &error.code;
        let mut variant = error.variant.clone();
        variant.fields = debug::unmarked(&variant.fields);
        let rename: Attribute = parse_quote!(#[serde(rename = #code)]);
        quote!(#rename #variant)
    });
    let messages = variants.iter().map(message);
    let positions = variants.iter().enumerate().map(|(position, error)| {
        let variant = &error.variant.ident;
        quote!(Self::#variant { .. } => &Self::VARIANTS[#position])
    });
    // An enum without variants is an error already; it still has to be code.
    let this = if variants.is_empty() { quote!(*self) } else { quote!(self) };
    quote_spanned! {at(ident)=>
        #(#payload)*
        #vis enum #ident { #(#declared),* }
        #debug
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match #this { #(#messages),* }
            }
        }
        impl ::core::error::Error for #ident {}
        impl #rt::DeclaredError for #ident {
            const VARIANTS: &'static [#rt::ErrorDescriptor] =
                #rt::part(CONTRACT.errors, #start, #count);
            fn descriptor(&self) -> &'static #rt::ErrorDescriptor {
                match #this { #(#positions),* }
            }
        }
    }
}

fn message(error: &ErrorVariant) -> TokenStream {
    let variant = &error.variant.ident;
    let ErrorVariant { template, .. } = error;
    let (format, shown) = (&template.format, &template.shown);
    let rest = match &error.variant.fields {
        Fields::Named(fields) if fields.named.len() == shown.len() => None,
        _ => Some(quote!(..)),
    };
    quote! {
        Self::#variant { #(#shown,)* #rest } => ::core::write!(f, #format #(, #shown)*)
    }
}
