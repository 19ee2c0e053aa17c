//! `CONTRACT`: everything known of the contract without its types.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::{Scope, fingerprint};
use crate::model::{ErrorVariant, docs};

pub(super) fn expand(scope: &Scope<'_>) -> TokenStream {
    let (rt, at) = scope.whole();
    let vis = scope.vis(at);
    let contract = scope.contract;
    let (name, version) = (&contract.name, &contract.version);
    let fingerprint = fingerprint::of(contract);
    let about = docs(&contract.attrs);
    let full = |wire: &str| format!("{name}/{wire}");
    let requests = contract.requests.iter().map(|request| {
        let (wire, docs) = (&request.wire_name, &request.docs);
        let (streamed, detached) = (request.reply.streamed, request.detached);
        let idempotent = request.idempotent;
        let full = full(wire);
        quote!(#rt::RequestDescriptor::declared(#wire, #full, #docs, #streamed, #detached, #idempotent))
    });
    let events = contract.events.iter().map(|event| {
        let (wire, docs) = (&event.wire_name, &event.docs);
        let full = full(wire);
        let durable = event.durable.then(|| quote!(.durable()));
        quote!(#rt::EventDescriptor::declared(#wire, #full, #docs)#durable)
    });
    let errors = contract.errors.iter().flat_map(|error| &error.variants).map(|error| {
        let ErrorVariant { code, status, template, retryable, docs, variant } = error;
        let text = &template.text;
        let has_details = !variant.fields.is_empty();
        quote! {
            #rt::ErrorDescriptor::declared(#code, #status, #text, #retryable, #docs, #has_details)
        }
    });
    quote_spanned! {at=>
        /// Everything known of the contract without its types.
        #vis static CONTRACT: #rt::ContractDescriptor = #rt::ContractDescriptor::declared(
            #name,
            #version,
            #fingerprint,
            #about,
            &[#(#requests),*],
            &[#(#events),*],
            &[#(#errors),*],
        );
    }
}
