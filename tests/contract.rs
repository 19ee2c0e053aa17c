//! What a contract declares, as types, on the wire, and as data.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{Stage, Tag, Thing, ThingMade, WorkshopError, workshop};
use magicbutton::{Contract, DeclaredError, Event, Request, contract};
use serde_json::json;

#[test]
fn everything_is_camel_case_on_the_wire() {
    let thing = Thing {
        thing_id: "t-1".into(),
        stage: Stage::InProgress,
        tags: vec![Tag { key: "a".into(), value: 1 }],
    };
    let wire =
        json!({ "thingId": "t-1", "stage": "inProgress", "tags": [{ "key": "a", "value": 1 }] });
    assert_eq!(serde_json::to_value(&thing).unwrap(), wire);
    assert_eq!(serde_json::from_value::<Thing>(wire).unwrap(), thing);
    // The user's own serde attributes hold.
    let sparse = json!({ "thingId": "t-1", "stage": "done" });
    assert_eq!(serde_json::from_value::<Thing>(sparse).unwrap().tags, []);

    let event: workshop::Event = ThingMade { thing_id: "t-1".into(), stage: Stage::Done }.into();
    let wire = json!({ "event": "thingMade", "payload": { "thingId": "t-1", "stage": "done" } });
    assert_eq!(serde_json::to_value(event).unwrap(), wire);

    let error = WorkshopError::WrongStage { from: Stage::Done, to: Stage::Planned };
    let wire = json!({ "code": "BAD_STAGE", "details": { "from": "done", "to": "planned" } });
    assert_eq!(serde_json::to_value(&error).unwrap(), wire);
    let any: workshop::Error = serde_json::from_value(wire).unwrap();
    assert_eq!(any, error.into());
    assert_eq!(any.descriptor().code, "BAD_STAGE");
    assert_eq!(serde_json::to_value(WorkshopError::Closed).unwrap(), json!({ "code": "CLOSED" }));
}

#[test]
fn an_enum_of_bare_variants_shows_and_reads_its_wire_names() {
    assert_eq!(Stage::InProgress.to_string(), "inProgress");
    assert_eq!("inProgress".parse(), Ok(Stage::InProgress));
    let error = "In progress".parse::<Stage>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown variant `In progress`, expected one of `planned`, `inProgress`, `done`"
    );
    assert_eq!(format!("[{:>12}]", Stage::Done), "[        done]");
}

contract!(
    #[contract(version = "0.3.0", name = "post-office")]
    mod post {
        /// Has names of its own.
        #[serde(rename_all = "kebab-case")]
        enum Size {
            ExtraLarge,
            #[serde(rename = "S")]
            Small,
        }

        #[serde(rename_all = "UPPERCASE", rename_all_fields = "snake_case")]
        enum Content {
            Empty,
            Letter { page_count: u32 },
            Parcel(Size),
        }

        struct Address(String, u32);

        struct Wrapper<T> {
            inner_value: T,
        }

        #[derive(Clone, Default)]
        struct Nothing;

        #[event(rename = "post.delivered")]
        struct Delivered {
            #[serde(rename = "to")]
            delivered_to: Address,
        }

        #[request(rename = "ship")]
        #[serde(deny_unknown_fields)]
        async fn send_parcel(
            /// What is in it.
            content: Wrapper<Content>,
            #[serde(default)] urgent: bool,
        ) -> Nothing;
    }
);

#[test]
fn names_on_the_wire_are_the_users_where_the_user_says_so() {
    assert_eq!(post::Size::ExtraLarge.to_string(), "extra-large");
    assert_eq!("S".parse(), Ok(post::Size::Small));
    let letter = post::Content::Letter { page_count: 2 };
    assert_eq!(serde_json::to_value(letter).unwrap(), json!({ "LETTER": { "page_count": 2 } }));
    let delivered = post::Delivered { delivered_to: post::Address("x".into(), 1) };
    assert_eq!(serde_json::to_value(delivered).unwrap(), json!({ "to": ["x", 1] }));
    let request: post::requests::SendParcel =
        serde_json::from_value(json!({ "content": { "innerValue": "EMPTY" } })).unwrap();
    assert!(!request.urgent);
    let unknown = json!({ "content": { "innerValue": "EMPTY" }, "speed": 1 });
    assert!(serde_json::from_value::<post::requests::SendParcel>(unknown).is_err());
    assert_eq!(post::CONTRACT.name, "post-office");
    assert_eq!(post::Delivered::DESCRIPTOR.full_name, "post-office/post.delivered");
    assert_eq!(post::requests::SendParcel::DESCRIPTOR.full_name, "post-office/ship");
    let content = post::Content::Parcel(post::Size::Small);
    assert_eq!(serde_json::to_value(content).unwrap(), json!({ "PARCEL": "S" }));
}

#[test]
fn a_contract_describes_itself() {
    let contract = <workshop::Client as Contract>::DESCRIPTOR;
    assert_eq!((contract.name, contract.version), ("workshop", "1.2.3"));
    assert_eq!((contract.major(), contract.docs), ("1", "A workshop that makes things."));
    let requests: Vec<_> = contract.requests.iter().map(|request| request.full_name).collect();
    assert_eq!(requests[..2], ["workshop/makeThing", "workshop/fail"]);
    let make = workshop::requests::MakeThing::DESCRIPTOR;
    assert_eq!((make.name, make.docs), ("makeThing", "Makes a thing."));
    assert!(contract.requests.iter().any(|r| r.name == "countTo" && r.streamed));
    assert!(contract.requests.iter().any(|r| r.name == "waitDetached" && r.detached));
    let events: Vec<_> = contract.events.iter().map(|e| (e.name, e.docs)).collect();
    assert_eq!(events, [("thingMade", "A thing is there."), ("thingScrapped", "A thing is gone.")]);
    assert_eq!(contract.errors[2].status.as_u16(), 503);
    assert!(contract.errors[2].retryable);
}

/// The same contract again, and again with one change: each a module `a` of its own.
macro_rules! variants {
    ($($name:ident: [$($field:tt)*] $status:literal [$($request:tt)*];)*) => {
        $(mod $name {
            #![allow(dead_code)]
            magicbutton::contract!(
                #[contract(version = "1.0.0")]
                pub mod a {
                    struct Point { $($field)*, y: u32 }
                    enum Color { Red, Green }
                    #[event]
                    struct Drawn { point: Point, color: Color }
                    #[error]
                    enum Refused {
                        #[error(status = $status, message = "no {why}")]
                        No { why: String },
                    }
                    #[request]
                    $($request)*
                }
            );
        })*

        const FINGERPRINTS: &[(&str, u64)] =
            &[$((stringify!($name), $name::a::CONTRACT.fingerprint)),*];
    };
}

variants! {
    base: [x: u32] 400 [async fn draw(point: Point, color: Color) -> Result<(), Refused>;];
    field_type: [x: u64] 400 [async fn draw(point: Point, color: Color) -> Result<(), Refused>;];
    field_name: [z: u32] 400 [async fn draw(point: Point, color: Color) -> Result<(), Refused>;];
    serde_name: [#[serde(rename = "left")] x: u32] 400
        [async fn draw(point: Point, color: Color) -> Result<(), Refused>;];
    status: [x: u32] 404 [async fn draw(point: Point, color: Color) -> Result<(), Refused>;];
    reply: [x: u32] 400 [async fn draw(point: Point, color: Color) -> Result<u8, Refused>;];
    cannot_fail: [x: u32] 400 [async fn draw(point: Point, color: Color);];
    argument: [x: u32] 400 [async fn draw(point: Point) -> Result<(), Refused>;];
    request_name: [x: u32] 400
        [async fn paint(point: Point, color: Color) -> Result<(), Refused>;];
    streamed: [x: u32] 400
        [fn draw(point: Point, color: Color) -> impl Stream<Item = Result<(), Refused>>;];
}

mod reordered {
    #![allow(dead_code)]
    magicbutton::contract!(
        /// Documented.
        #[contract(version = "1.0.0")]
        pub mod a {
            /// Draws.
            #[request]
            async fn draw(color: Color, point: Point) -> Result<(), Refused>;
            #[error]
            enum Refused {
                /// Why.
                #[error(message = "certainly not {why}", status = 400)]
                No { why: String },
            }
            enum Color {
                Green,
                Red,
            }
            #[derive(Eq)]
            struct Point {
                y: u32,
                /// Across.
                pub x: u32,
            }
            #[event]
            pub struct Drawn {
                color: Color,
                point: Point,
            }
        }
    );
}

#[test]
fn every_change_of_a_shape_changes_the_fingerprint_and_nothing_else_does() {
    assert_eq!(reordered::a::CONTRACT.fingerprint, base::a::CONTRACT.fingerprint);
    for (position, (name, fingerprint)) in FINGERPRINTS.iter().enumerate() {
        for (other, same) in &FINGERPRINTS[..position] {
            assert_ne!(fingerprint, same, "{name} and {other}");
        }
    }
}

#[test]
fn whatever_is_held_for_long_may_be_shared_by_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    fn sent<T: Send>() {}
    shared::<magicbutton::Client>();
    shared::<magicbutton::Server>();
    shared::<magicbutton::Context>();
    shared::<magicbutton::Caller>();
    shared::<magicbutton::Message>();
    shared::<magicbutton::Body>();
    shared::<magicbutton::Fault>();
    shared::<magicbutton::Failure<magicbutton::AnyError>>();
    shared::<magicbutton::Subscription<ThingMade>>();
    shared::<magicbutton::Received<ThingMade>>();
    shared::<magicbutton::SubscriptionGuard>();
    shared::<magicbutton::auth::Users>();
    shared::<magicbutton::auth::Jwt>();
    shared::<magicbutton::ws::WebSocket>();
    shared::<magicbutton::nats::Nats>();
    shared::<workshop::Client>();
    sent::<magicbutton::Call<'_, workshop::requests::MakeThing>>();
    sent::<magicbutton::StreamCall<'_, workshop::requests::MakeThing>>();
    sent::<magicbutton::RawCall<'_, magicbutton::AnyError>>();
    sent::<magicbutton::Subscribing<ThingMade>>();
    sent::<magicbutton::ServerBuilder>();
    sent::<magicbutton::ClientBuilder>();
}
