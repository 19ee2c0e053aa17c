//! The payloads of requests, in a module of their own: what travels, what guards and middleware
//! see.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{
    Ident, Index, Path, Token, Type,
    visit_mut::{self, VisitMut},
};

use super::{Scope, at, payload_attributes, visibility};
use crate::model::{Argument, Request};

pub(super) fn expand(scope: &Scope<'_>) -> TokenStream {
    let payloads: Vec<&Ident> = scope.contract.requests.iter().map(|r| &r.payload).collect();
    let structs = scope.contract.requests.iter().map(|request| payload(scope, request, &payloads));
    let places = scope.contract.requests.iter().enumerate().map(|(position, request)| {
        let Request { ident, payload, .. } = request;
        let rt = scope.rt_at(ident);
        let (reply, error) = (&request.reply.ty, error_type(scope, request));
        let position = Index::from(position);
        quote_spanned! {at(ident)=>
            impl #rt::Request for requests::#payload {
                type Reply = #reply;
                type Error = #error;
                const DESCRIPTOR: &'static #rt::RequestDescriptor = &CONTRACT.requests[#position];
            }
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

fn payload(scope: &Scope<'_>, request: &Request, payloads: &[&Ident]) -> TokenStream {
    let Request { payload, payload_attrs, arguments, .. } = request;
    let vis = visibility::seen_from(&scope.contract.vis, 2, payload.span());
    let style = ["rename_all = \"camelCase\""];
    let attributes = payload_attributes(scope, payload, payload_attrs, "super", &style);
    let fields = arguments.iter().map(|Argument { attrs, ident, ty }| {
        let ty = seen_from_inside(ty, payloads);
        quote_spanned!(at(ident)=> #(#attrs)* #vis #ident: #ty)
    });
    quote_spanned! {at(payload)=>
        #attributes
        #(#payload_attrs)*
        #vis struct #payload { #(#fields),* }
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

/// A type of the contract's module, as the module `requests` inside it names it. There, a payload
/// hides a type of the same name: `create_order(order: CreateOrder)`.
fn seen_from_inside(ty: &Type, payloads: &[&Ident]) -> Type {
    struct Outwards<'a>(&'a [&'a Ident]);
    impl VisitMut for Outwards<'_> {
        fn visit_path_mut(&mut self, path: &mut Path) {
            visit_mut::visit_path_mut(self, path);
            let Some(first) = path.segments.first_mut().filter(|_| path.leading_colon.is_none())
            else {
                return;
            };
            let span = first.ident.span();
            let outer = Ident::from(Token![super](span));
            if first.ident == "self" {
                first.ident = outer;
            } else if first.ident == "super" || self.0.contains(&&first.ident) {
                path.segments.insert(0, outer.into());
            }
        }
    }
    let mut ty = ty.clone();
    Outwards(payloads).visit_type_mut(&mut ty);
    ty
}
