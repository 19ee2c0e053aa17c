//! `CONTRACT`: everything known of the contract without its types.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::{
    Scope, access, fingerprint,
    sensitive::{InMessage, Sensitive},
};
use crate::model::{ErrorVariant, docs};

pub(super) fn expand(scope: &Scope<'_>) -> TokenStream {
    let (rt, at) = scope.whole();
    let vis = scope.vis(at);
    let contract = scope.contract;
    let (name, version) = (&contract.name, &contract.version);
    let fingerprint = fingerprint::of(contract);
    let about = docs(&contract.attrs);
    let sensitive = Sensitive::new(contract);
    let full = |wire: &str| format!("{name}/{wire}");
    let requests = contract.requests.iter().map(|request| {
        let (wire, docs) = (&request.wire_name, &request.docs);
        let (streamed, detached) = (request.reply.streamed, request.detached);
        let idempotent = request.idempotent;
        let full = full(wire);
        let hiding = hiding(&sensitive.in_request(request));
        let access = access::of_request(scope, request);
        let timeout = request.timeout.map(|time| {
            let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            quote!(.within(::core::time::Duration::from_millis(#millis)))
        });
        quote! {
            #rt::RequestDescriptor::declared(#wire, #full, #docs, #streamed, #detached, #idempotent)
            #timeout #access #hiding
        }
    });
    let events = contract.events.iter().map(|event| {
        let (wire, docs) = (&event.wire_name, &event.docs);
        let full = full(wire);
        let durable = event.durable.then(|| quote!(.durable()));
        let hiding = hiding(&sensitive.in_event(event));
        let access = access::of_event(scope, event);
        quote!(#rt::EventDescriptor::declared(#wire, #full, #docs) #durable #access #hiding)
    });
    let variants =
        contract.errors.iter().flat_map(|error| error.variants.iter().map(move |v| (error, v)));
    let errors = variants.map(|(of, error)| {
        let ErrorVariant { code, status, template, retryable, docs, variant } = error;
        let hiding = hiding(&sensitive.in_error(of, error));
        let text = &template.text;
        let has_details = !variant.fields.is_empty();
        quote! {
            #rt::ErrorDescriptor::declared(#code, #status, #text, #retryable, #docs, #has_details)
            #hiding
        }
    });
    let roles = access::roles(scope);
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
        ) #roles;
    }
}

/// What of a message is not to be shown, where there is anything.
fn hiding(message: &InMessage) -> Option<TokenStream> {
    let InMessage { names, shown } = message;
    let names = names.iter();
    (names.len() > 0).then(|| quote!(.hiding(&[#(#names),*], &[#(#shown),*])))
}
