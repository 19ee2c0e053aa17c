//! The typed client: one method per request, and what every client has.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::{Scope, at as at_word};
use crate::model::{Argument, Request};

pub(super) fn expand(scope: &Scope<'_>) -> TokenStream {
    let (rt, at) = scope.whole();
    let vis = scope.vis(at);
    let about = super::doc(&format!(
        "A client of the contract `{}`. Clones share one connection.",
        scope.contract.name
    ));
    let methods = scope.contract.requests.iter().map(|request| method(scope, request));
    quote_spanned! {at=>
        #about
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct Client(#rt::Client);

        impl Client {
            /// Connects, and checks that the server serves this contract in a compatible version.
            /// For options, see `magicbutton::Client::builder` and its `typed`.
            ///
            /// # Errors
            /// `UNAVAILABLE` where nobody serves the endpoint; `CONTRACT_MISMATCH` where the server
            /// does not serve this contract, or in another major version.
            pub async fn connect(
                endpoint: impl #rt::IntoEndpoint,
            ) -> ::core::result::Result<Self, #rt::Fault> {
                #rt::Client::builder().speaks::<Self>().connect(endpoint).await?.typed()
            }
            /// A client of a service in this process, with no server to start. For tests.
            pub fn in_process(service: impl Service) -> Self {
                Self(#rt::Client::in_process(serve(service)))
            }
            /// The same, with somebody logged in from the beginning. For tests of what they may do.
            pub fn in_process_as(service: impl Service, actor: #rt::Actor) -> Self {
                Self(#rt::Client::in_process_as(serve(service), actor))
            }
            /// The connection, which knows no contract.
            pub fn client(&self) -> &#rt::Client {
                &self.0
            }
            /// Subscribes to an event of this contract, or to all of them as [`Event`]. Await it.
            pub fn subscribe<E: #rt::EventOf<Self>>(&self) -> #rt::Subscribing<E> {
                self.0.subscribe()
            }
            /// Sends an event of this contract to the server.
            ///
            /// # Errors
            /// `UNAVAILABLE` where the client is not connected.
            pub fn emit(
                &self,
                event: impl #rt::EventOf<Self>,
            ) -> #rt::BoxFuture<'static, ::core::result::Result<(), #rt::Fault>> {
                self.0.emit(event)
            }
            /// Sends any request of this contract, say from a log. The reply is a body.
            pub fn send(&self, request: Request) -> #rt::RawCall<'_, Error> {
                self.0.send(request)
            }
            /// Sends any request of this contract that is answered by a stream.
            pub fn send_streamed(&self, request: Request) -> #rt::RawStream<'_, Error> {
                self.0.send_streamed(request)
            }
            #(#methods)*
        }

        impl ::core::convert::From<#rt::Client> for Client {
            fn from(client: #rt::Client) -> Self {
                Self(client)
            }
        }
        impl #rt::Contract for Client {
            type Event = Event;
            type Request = Request;
            type Error = Error;
            const DESCRIPTOR: &'static #rt::ContractDescriptor = &CONTRACT;
            fn over(link: #rt::Linked<'_>) -> Self {
                Self(#rt::Client::over(link))
            }
        }
    }
}

fn method(scope: &Scope<'_>, request: &Request) -> TokenStream {
    let Request { method_attrs, ident, payload, arguments, reply, .. } = request;
    let rt = scope.rt_at(ident);
    let parameters = arguments.iter().map(|Argument { ident, ty, .. }| quote!(#ident: #ty));
    let fields = arguments.iter().map(|Argument { ident, .. }| ident);
    let (call, how) = if reply.streamed {
        (quote!(StreamCall), quote!(stream))
    } else {
        (quote!(Call), quote!(call))
    };
    quote_spanned! {at_word(ident)=>
        #(#method_attrs)*
        pub fn #ident(&self #(, #parameters)*) -> #rt::#call<'_, requests::#payload> {
            self.0.#how(requests::#payload { #(#fields),* })
        }
    }
}
