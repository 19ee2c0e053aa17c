//! The payloads of requests, in a module of their own: what travels, what guards and middleware
//! see.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Ident, Index};

use super::{Scope, at, debug, outwards::Outwards, payload_attributes, rules, visibility};
use crate::model::{Argument, Request, is_sensitive};

pub(super) fn expand(scope: &Scope<'_>) -> TokenStream {
    let payloads: Vec<&Ident> = scope.contract.requests.iter().map(|r| &r.payload).collect();
    let outwards = Outwards::new(scope.contract, &payloads);
    let structs = scope.contract.requests.iter().map(|request| payload(scope, request, &outwards));
    let places = scope.contract.requests.iter().enumerate().map(|(position, request)| {
        let Request { ident, payload, .. } = request;
        let rt = scope.rt_at(ident);
        let (reply, error) = (&request.reply.ty, error_type(scope, request));
        let position = Index::from(position);
        let (rules, held) = rules::of_request(scope, request);
        quote_spanned! {at(ident)=>
            impl #rt::Request for requests::#payload {
                type Reply = #reply;
                type Error = #error;
                const DESCRIPTOR: &'static #rt::RequestDescriptor = &CONTRACT.requests[#position];
                #rules
            }
            #held
        }
    });
    let vis = scope.vis(scope.contract.ident.span());
    quote! {
        /// The payload of each request: what travels, and what middleware sees.
        #[allow(missing_docs, unused_imports)]
        #vis mod requests {
            use super::*;
            #(#structs)*
        }
        #(#places)*
    }
}

fn payload(scope: &Scope<'_>, request: &Request, outwards: &Outwards<'_>) -> TokenStream {
    let Request { payload, payload_attrs, arguments, .. } = request;
    let vis = visibility::seen_from(&scope.contract.vis, 2, payload.span());
    let style = ["rename_all = \"camelCase\""];
    let payload_attrs = outwards.attributes(payload_attrs);
    let hides = arguments.iter().any(|argument| is_sensitive(&argument.attrs));
    let attributes = payload_attributes(scope, payload, &payload_attrs, "super", &style, hides);
    let debug = debug::of_payload(scope, payload, &payload_attrs, arguments);
    let fields = arguments.iter().map(|Argument { attrs, ident, ty }| {
        let (mut attrs, ty) = (outwards.attributes(attrs), outwards.ty(ty));
        attrs.retain(debug::is_theirs);
        quote_spanned!(at(ident)=> #(#attrs)* #vis #ident: #ty)
    });
    quote_spanned! {at(payload)=>
        #(#attributes)*
        #vis struct #payload { #(#fields),* }
        #debug
    }
}

/// The error of a request as a type; of one that declares none, the one without values.
pub(super) fn error_type(scope: &Scope<'_>, request: &Request) -> TokenStream {
    let rt = scope.rt_at(&request.ident);
    match &request.reply.error {
        Some(error) => quote!(#error),
        None => quote!(#rt::Never),
    }
}
