//! How much code a declaration becomes: few lines, as all logic is in the runtime.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::expand;

fn lines(items: impl IntoIterator<Item = TokenStream>) -> usize {
    let items = items.into_iter();
    let contract = quote! { #[contract(version = "1.0.0")] mod sized { #(#items)* } };
    prettyplease::unparse(&expand(contract)).lines().count()
}

/// Lines per declaration, serde's own expansion apart.
fn each(declare: impl Fn(usize) -> TokenStream) -> f64 {
    let (few, many) = (lines((0..10).map(&declare)), lines((0..60).map(&declare)));
    (many - few) as f64 / 50.0
}

#[test]
fn a_request_and_an_event_stay_small() {
    let request = each(|number| {
        let name = format_ident!("create_order_{number}");
        quote! {
            /// Places an order.
            #[request]
            async fn #name(customer_id: String, items: Vec<String>) -> Result<u32, Refused>;
        }
    });
    let event = each(|number| {
        let name = format_ident!("OrderCreated{number}");
        quote! {
            /// An order was placed.
            #[event]
            struct #name { order_id: String, customer_id: String }
        }
    });
    println!("{request} lines per request, {event} per event");
    assert!(request <= 90.0, "{request}");
    assert!(event <= 60.0, "{event}");
}
