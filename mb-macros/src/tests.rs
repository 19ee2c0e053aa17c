//! The stages as plain functions: what the compiler would see. Snapshots are written anew by
//! `UPDATE_EXPECT=1 cargo test -p mb-macros`.

mod expansion;
mod hygiene;
mod lists;
mod recovery;
mod size;

use proc_macro2::TokenStream;
use quote::quote;

/// The expansion of a contract, with the runtime under a path that a reader recognises.
fn expand(contract: TokenStream) -> syn::File {
    let code = crate::expand_contract(quote! { (::magicbutton::__private::v1) #contract });
    syn::parse2(code).expect("the expansion is Rust")
}

/// The same where values are held to rules.
fn expand_validating(contract: TokenStream) -> syn::File {
    let code =
        crate::expand_contract(quote! { (::magicbutton::__private::v1; validate) #contract });
    syn::parse2(code).expect("the expansion is Rust")
}

/// Every message of an expansion, in order.
fn errors(contract: TokenStream) -> Vec<String> {
    use syn::visit_mut::VisitMut;
    struct Messages(Vec<String>);
    impl VisitMut for Messages {
        fn visit_macro_mut(&mut self, call: &mut syn::Macro) {
            if call.path.segments.last().is_some_and(|last| last.ident == "compile_error") {
                self.0.extend(call.parse_body::<syn::LitStr>().map(|text| text.value()));
            }
        }
    }
    let mut messages = Messages(Vec::new());
    messages.visit_file_mut(&mut expand(contract));
    messages.0
}

/// A small contract: one of each kind.
fn small() -> TokenStream {
    quote! {
        /// Greets people.
        #[contract(version = "1.0.0")]
        pub mod greeter {
            /// Somebody was greeted.
            #[event]
            struct Greeted { name: String }

            #[error]
            enum GreetError {
                /// A name is needed.
                #[error(status = 400, message = "{name} is no name")]
                NoName { name: String },
            }

            /// Says hello.
            #[request]
            async fn hello(name: String) -> Result<String, GreetError>;
        }
    }
}

/// Everything the language has.
fn full() -> TokenStream {
    quote! {
        /// Orders.
        #[contract(version = "2.1.0", name = "order-desk")]
        pub mod orders {
            use super::Money;

            #[derive(Eq, Clone)]
            enum Status { Open, #[serde(rename = "shut")] Closed }

            /// With content.
            enum Payment { Cash, Card { number: String }, Voucher(u32) }

            struct Order<T> { order_id: String, total: Money, extra: T }

            struct Line(String, u32);

            type Lines = Vec<Line>;

            #[event(rename = "order.created")]
            struct OrderCreated {
                /// Which.
                order_id: String,
                #[serde(default)]
                lines: Lines,
            }

            #[event]
            struct Emptied {}

            #[error]
            enum OrderError {
                #[error(status = 404, message = "order {order_id} not found, {order_id:?} that is")]
                NotFound { order_id: String, hidden: u8 },
                #[error(status = 503, message = "closed {{today}}", retryable, code = "SHUT")]
                Closed,
            }

            #[error]
            enum OtherError {
                #[error(status = 409, message = "already {status}")]
                Already { status: Status },
            }

            /// Places an order.
            #[request(rename = "place", detached)]
            #[serde(deny_unknown_fields)]
            async fn create_order(
                /// By whom.
                customer_id: String,
                #[serde(default)] create_order: Option<CreateOrder>,
            ) -> Result<Order<Payment>, OrderError>;

            /// Cannot fail.
            #[request]
            #[deprecated(note = "count yourself")]
            async fn count() -> u32;

            #[request]
            async fn touch(cx: Status);

            /// As they come.
            #[request]
            fn watch(status: self::Status) -> impl Stream<Item = Result<Lines, OtherError>>;

            #[request]
            fn ticks() -> impl Stream<Item = u64>;
        }
    }
}

/// Something sensitive in every place where it may be.
fn secrets() -> TokenStream {
    quote! {
        #[contract(version = "1.0.0")]
        pub mod vault {
            use super::Stamp;
            use std::collections::HashMap;

            struct Card { holder: String, #[sensitive] #[serde(alias = "no")] card_number: String }

            struct Pin(#[sensitive] u32);

            enum Proof<T> {
                None,
                Password(#[sensitive] String),
                Key { #[sensitive] r#type: String, f: T },
            }

            type Wallet = HashMap<String, Vec<Card>>;

            #[event]
            struct Opened { #[sensitive] by_whom: String, at: u64 }

            #[event]
            struct Seen { card: Option<Wallet>, count: u32 }

            #[event]
            struct Closed { at: u64 }

            #[error]
            enum VaultError {
                #[error(status = 401, message = "not at {at}")]
                Refused { at: u64, #[sensitive] tried: String },
                #[error(status = 503, message = "closed")]
                Busy,
            }

            /// Opens it.
            #[request(timeout = "1500ms")]
            async fn open(
                user: String,
                /// Not for logs.
                #[sensitive] #[serde(rename = "pass-word")] password: String,
                proof: Option<Proof<u8>>,
                stamp: Stamp,
            ) -> Result<u32, VaultError>;

            #[request]
            async fn change(pin: Pin, when: u64);

            #[request]
            fn cards(user: String) -> impl Stream<Item = Card>;

            #[request]
            async fn guess() -> Vec<Pin>;

            #[request]
            async fn count(of: Vec<String>) -> u32;
        }
    }
}

/// Roles, rules of every kind, and guards.
fn guarded() -> TokenStream {
    quote! {
        #[contract(version = "1.0.0")]
        pub mod library {
            /// Who there is.
            #[roles]
            enum Role {
                /// Reads.
                #[grants("book:read")]
                Reader,
                #[grants("book:*", "shelf:move")]
                #[extends(Reader)]
                HeadLibrarian,
                #[grants("*:*")]
                #[extends(HeadLibrarian)]
                #[serde(rename = "boss")]
                Owner,
            }

            #[event]
            #[access("book:read")]
            struct Lent { title: String }

            #[event]
            #[access(subscribe = any("book:read", role = Owner), emit = role = HeadLibrarian)]
            struct Moved { title: String }

            #[request]
            #[access(public)]
            async fn opening_hours() -> String;

            #[request]
            #[access(authenticated)]
            async fn whoami() -> String;

            #[request]
            #[access(all("book:lend", any(role = HeadLibrarian, "shelf:move")))]
            async fn lend(title: String) -> bool;

            #[request]
            #[access("book:read", guard = owns_card)]
            async fn card(number: u32) -> String;

            #[request]
            #[access(role = Reader, guard = may_watch)]
            fn watch(shelf: String) -> impl Stream<Item = String>;
        }
    }
}

/// Rules of every kind, on whatever may have some.
fn ruled() -> TokenStream {
    quote! {
        #[contract(version = "1.0.0")]
        pub mod shop {
            use super::{Address, even, sober};

            struct Item {
                #[garde(length(min = 1, max = 20), pattern("^[a-z]+$"))]
                item_name: String,
                #[garde(range(min = 1), custom(even))]
                #[serde(rename = "price")]
                unit_price: u32,
            }

            enum Delivery {
                None,
                Post { #[garde(dive)] address: Address },
                Courier(#[garde(inner(ascii))] Option<String>),
            }

            struct Page<T> { #[garde(dive)] items: Vec<T>, next: u32 }

            #[event]
            struct Ordered { #[garde(dive)] item: Item }

            #[event]
            struct Closed { at: u32 }

            #[request]
            #[garde(custom(sober))]
            async fn order(
                #[garde(dive, length(min = 1))] items: Vec<Item>,
                #[sensitive] #[garde(length(min = 8))] password: String,
                #[garde(matches(password))] again: String,
                note: String,
            ) -> Page<Item>;

            #[request]
            fn watch(at: u32) -> impl Stream<Item = u32>;
        }
    }
}
