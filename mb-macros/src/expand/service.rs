//! The trait that a service implements, and what turns an implementation into something to serve.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};

use super::{Scope, at, requests::error_type};
use crate::model::{Argument, Request};

pub(super) fn expand(scope: &Scope<'_>) -> TokenStream {
    let (rt, at) = scope.whole();
    let vis = scope.vis(at);
    let name = &scope.contract.name;
    let methods = scope.contract.requests.iter().map(|request| {
        let (guard, method) = (guard(scope, request), method(scope, request));
        quote!(#guard #method)
    });
    let routes = scope.contract.requests.iter().map(|request| route(scope, request));
    let about = super::doc(&format!(
        "What a service of the contract `{name}` does. Write each method as `async fn`."
    ));
    quote_spanned! {at=>
        #about
        #vis trait Service: ::core::marker::Send + ::core::marker::Sync + 'static {
            #(#methods)*
        }
        /// The contract with a service that implements it: for `Server::builder().serve(..)`.
        #vis fn serve(service: impl Service) -> #rt::ServedContract {
            #rt::ServedContract::new(&CONTRACT, service, |handlers| handlers #(#routes)*)
        }
    }
}

fn method(scope: &Scope<'_>, request: &Request) -> TokenStream {
    let Request { method_attrs, ident, arguments, reply, .. } = request;
    let (rt, at) = (scope.rt_at(ident), at(ident));
    // Its own routes call it: only clients are told that it is deprecated.
    let attrs = method_attrs.iter().filter(|attr| !attr.path().is_ident("deprecated"));
    let context = free_name("cx", request);
    let arguments = arguments.iter().map(|Argument { ident, ty, .. }| quote!(#ident: #ty));
    let (ty, error) = (&reply.ty, error_type(scope, request));
    let item = quote_spanned!(at=> #rt::Reply<#ty, #error>);
    let output = if reply.streamed {
        quote_spanned!(at=> impl #rt::Stream<Item = #item> + ::core::marker::Send)
    } else {
        quote_spanned!(at=> impl ::core::future::Future<Output = #item> + ::core::marker::Send)
    };
    quote_spanned! {at=>
        #(#attrs)*
        fn #ident(&self, #context: &#rt::Context #(, #arguments)*) -> #output;
    }
}

/// The method that is asked about each request of a kind, before its handler.
fn guard(scope: &Scope<'_>, request: &Request) -> Option<TokenStream> {
    let guard = request.access.as_ref()?.guard.as_ref()?;
    let (rt, at) = (scope.rt_at(guard), at(guard));
    let payload = &request.payload;
    let about = super::doc(&format!(
        "Whether this very `{}` may be answered, asked of whoever its access rule lets in. `false` is \
         `FORBIDDEN`.",
        request.ident
    ));
    Some(quote_spanned! {at=>
        #about
        fn #guard(
            &self,
            cx: &#rt::Context,
            request: &requests::#payload,
        ) -> impl ::core::future::Future<Output = #rt::Reply<::core::primitive::bool>> + ::core::marker::Send;
    })
}

fn route(scope: &Scope<'_>, request: &Request) -> TokenStream {
    if let Some(guard) = request.access.as_ref().and_then(|access| access.guard.as_ref()) {
        return guarded(scope, request, guard);
    }
    let Request { ident, payload, arguments, reply, .. } = request;
    let fields = arguments.iter().map(|Argument { ident, .. }| quote!(request.#ident));
    let at = at(ident);
    let call = quote_spanned!(at=> |service, cx| Service::#ident(service, cx #(, #fields)*));
    // Without arguments, the payload is there and nobody looks at it.
    let request = if arguments.is_empty() { quote!(_request) } else { quote!(request) };
    if reply.streamed {
        quote_spanned! {at=>
            .streamed(|run, #request: ::std::boxed::Box<requests::#payload>, items| async move {
                run.many(items, #call).await
            })
        }
    } else {
        quote_spanned! {at=>
            .unary(|run, #request: ::std::boxed::Box<requests::#payload>| async move { run.once(#call).await })
        }
    }
}

/// A route whose handler begins with a question.
fn guarded(scope: &Scope<'_>, request: &Request, guard: &syn::Ident) -> TokenStream {
    let Request { ident, payload, arguments, reply, .. } = request;
    let rt = scope.rt_at(ident);
    let fields = arguments.iter().map(|Argument { ident, .. }| quote!(request.#ident));
    let at = at(ident);
    let ask = quote_spanned!(at=> run.pass(Service::#guard(service, cx, &request).await)?);
    let call = quote_spanned!(at=> Service::#ident(service, cx #(, #fields)*));
    if reply.streamed {
        quote_spanned! {at=>
            .streamed(|run, request: ::std::boxed::Box<requests::#payload>, items| async move {
                let run = &run;
                run.many(items, |service, cx| #rt::guarded(async move {
                    #ask;
                    ::core::result::Result::Ok(#call)
                })).await
            })
        }
    } else {
        quote_spanned! {at=>
            .unary(|run, request: ::std::boxed::Box<requests::#payload>| async move {
                let run = &run;
                run.once(|service, cx| async move {
                    #ask;
                    #call.await
                }).await
            })
        }
    }
}

/// A name that no argument has.
fn free_name(wanted: &str, request: &Request) -> syn::Ident {
    let taken = |name: &str| request.arguments.iter().any(|argument| argument.ident == name);
    let mut name = wanted.to_owned();
    while taken(&name) {
        name.insert(0, '_');
    }
    format_ident!("{name}")
}
