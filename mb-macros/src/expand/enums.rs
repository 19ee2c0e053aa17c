//! The enums over all events, all requests and all errors of the contract.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Ident;

use super::{Scope, payload_attributes, rules};

pub(super) fn expand(scope: &Scope<'_>) -> TokenStream {
    let parts = [event(scope), request(scope), error(scope)];
    super::tokens(parts)
}

/// Matching on a reference to an enum without variants takes a place, not a reference.
fn this(variants: &[&Ident]) -> TokenStream {
    if variants.is_empty() { quote!(*self) } else { quote!(self) }
}

fn event(scope: &Scope<'_>) -> TokenStream {
    let (rt, at) = scope.whole();
    let vis = scope.vis(at);
    let contract = &scope.contract.name;
    let events = &scope.contract.events;
    let idents: Vec<&Ident> = events.iter().map(|event| &event.item.ident).collect();
    let names: Vec<&String> = events.iter().map(|event| &event.wire_name).collect();
    let full_names = names.iter().map(|name| format!("{contract}/{name}"));
    let docs = events.iter().map(|event| super::doc(&event.docs));
    let published = rules::in_enum(scope, "violations", true, rules::ruled_events(scope));
    let received = rules::in_enum(scope, "found_wrong", true, rules::ruled_events(scope));
    let tagged = tagged(&Tagged {
        scope,
        of: quote!(Event),
        key: "event",
        variants: &idents,
        names: &names,
        wrapped: |variant| quote!(|event| Self::#variant(::std::sync::Arc::new(event))),
    });
    quote_spanned! {at=>
        /// Any event of the contract. Events have many readers, who share them.
        #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
        #vis enum Event {
            #(#docs #idents(::std::sync::Arc<#idents>)),*
        }
        #tagged
        impl #rt::Subscribe for Event {
            fn events() -> impl ::core::iter::Iterator<Item = &'static #rt::EventDescriptor> {
                CONTRACT.events.iter()
            }
            fn receive(
                message: &#rt::Message,
            ) -> ::core::result::Result<::std::sync::Arc<Self>, #rt::DecodeError> {
                match message.name().as_str() {
                    // Over a network it comes by its bare name, unless that could mean several.
                    #(#full_names | #names => <#idents as #rt::Subscribe>::receive(message).map(|event| {
                        ::std::sync::Arc::new(Self::#idents(event))
                    }),)*
                    other => ::core::result::Result::Err(#rt::DecodeError::unknown(other)),
                }
            }
            #received
        }
        impl #rt::Publish for Event {
            fn into_message(self) -> #rt::Message {
                match self { #(Self::#idents(event) => #rt::Message::event(event)),* }
            }
            #published
        }
        impl #rt::EventOf<Client> for Event {}
        #(impl ::core::convert::From<#idents> for Event {
            fn from(event: #idents) -> Self {
                Self::#idents(::std::sync::Arc::new(event))
            }
        })*
    }
}

fn request(scope: &Scope<'_>) -> TokenStream {
    let (rt, at) = scope.whole();
    let vis = scope.vis(at);
    let requests = &scope.contract.requests;
    let idents: Vec<&Ident> = requests.iter().map(|request| &request.payload).collect();
    let this = this(&idents);
    let names: Vec<&String> = requests.iter().map(|request| &request.wire_name).collect();
    let violations = rules::in_enum(scope, "violations", false, rules::ruled_requests(scope));
    let docs = requests.iter().map(|request| super::doc(&request.docs));
    let tagged = tagged(&Tagged {
        scope,
        of: quote!(Request),
        key: "requestType",
        variants: &idents,
        names: &names,
        wrapped: |variant| quote!(Self::#variant),
    });
    quote_spanned! {at=>
        /// Any request of the contract: to be written to a log, and sent as it is.
        #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
        #vis enum Request {
            #(#docs #idents(requests::#idents)),*
        }
        #tagged
        impl #rt::AnyRequest for Request {
            fn descriptor(&self) -> &'static #rt::RequestDescriptor {
                match #this {
                    #(Self::#idents(_) => <requests::#idents as #rt::Request>::DESCRIPTOR),*
                }
            }
            fn into_message(self) -> #rt::Message {
                match self { #(Self::#idents(request) => #rt::Message::request(request)),* }
            }
            #violations
        }
        #(impl ::core::convert::From<requests::#idents> for Request {
            fn from(request: requests::#idents) -> Self {
                Self::#idents(request)
            }
        })*
    }
}

/// An enum that is written as the name of its variant, and the payload beside it.
struct Tagged<'a> {
    scope: &'a Scope<'a>,
    of: TokenStream,
    /// What the name is called.
    key: &'a str,
    variants: &'a [&'a Ident],
    names: &'a [&'a String],
    /// What makes a variant of its payload.
    wrapped: fn(&Ident) -> TokenStream,
}

/// What serde's derive would say: it says the same for every variant eight times over.
fn tagged(tagged: &Tagged<'_>) -> TokenStream {
    let Tagged { scope, of, key, variants, names, wrapped } = tagged;
    let (rt, at) = scope.whole();
    let this = this(variants);
    let wrapped = variants.iter().map(|variant| wrapped(variant));
    quote_spanned! {at=>
        impl #rt::serde::Serialize for #of {
            fn serialize<__S: #rt::serde::Serializer>(
                &self,
                serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                match #this {
                    #(Self::#variants(payload) => #rt::write_tagged(serializer, #key, #names, payload),)*
                }
            }
        }
        impl<'de> #rt::serde::Deserialize<'de> for #of {
            fn deserialize<__D: #rt::serde::Deserializer<'de>>(
                deserializer: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                #rt::read_tagged(deserializer)
            }
        }
        impl #rt::Tagged for #of {
            const KEY: &'static str = #key;
            const NAMES: &'static [&'static str] = &[#(#names),*];
            fn read<'de, __D: #rt::serde::Deserializer<'de>>(
                name: &str,
                payload: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                match name {
                    #(#names => #rt::serde::Deserialize::deserialize(payload).map(#wrapped),)*
                    other => #rt::unknown_tag(other, payload),
                }
            }
        }
    }
}

fn error(scope: &Scope<'_>) -> TokenStream {
    let (rt, at) = scope.whole();
    let vis = scope.vis(at);
    let idents: Vec<&Ident> = scope.contract.errors.iter().map(|error| &error.ident).collect();
    let attributes =
        payload_attributes(scope, &scope.contract.ident, &[], "self", &["untagged"], false);
    let this = this(&idents);
    quote_spanned! {at=>
        /// Any error of the contract.
        #(#attributes)*
        #[allow(missing_docs)]
        #vis enum Error { #(#idents(#idents)),* }
        impl ::core::fmt::Display for Error {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match #this { #(Self::#idents(error) => ::core::fmt::Display::fmt(error, f)),* }
            }
        }
        impl ::core::error::Error for Error {}
        impl #rt::DeclaredError for Error {
            const VARIANTS: &'static [#rt::ErrorDescriptor] = CONTRACT.errors;
            fn descriptor(&self) -> &'static #rt::ErrorDescriptor {
                match #this {
                    #(Self::#idents(error) => #rt::DeclaredError::descriptor(error)),*
                }
            }
        }
        #(impl ::core::convert::From<#idents> for Error {
            fn from(error: #idents) -> Self {
                Self::#idents(error)
            }
        })*
    }
}
