//! `#[sensitive]`: a value that shows in no `Debug`, in no fault and in no log, and whose name the
//! descriptor tells.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "common/by_hand.rs"]
mod by_hand;
#[path = "sensitive/logged.rs"]
mod logged;

use std::{
    fmt::{Debug, Write},
    sync::{Arc, Mutex},
};

use by_hand::ByHand;
use magicbutton::{
    Body, Client, Context, Failure, Fault, FaultKind, Reply, Server, Stream, contract,
    middleware::{self, Metrics, Trace},
};
use serde_json::{Value, json};
use tracing::{Event, Metadata, Subscriber, field::Field, span};

contract!(
    #[contract(version = "1.0.0")]
    mod vault {
        use std::collections::HashMap;

        struct Card {
            holder: String,
            #[sensitive]
            #[serde(alias = "no")]
            card_number: u32,
        }

        struct Pin(#[sensitive] u32);

        #[serde(tag = "kind")]
        enum Proof {
            None,
            Key {
                #[sensitive]
                key_id: u32,
                label: String,
            },
        }

        enum Way<T> {
            Door(#[sensitive] T),
            Window { floor: T },
        }

        #[event]
        struct Opened {
            at: u32,
            #[sensitive]
            by_whom: u32,
        }

        /// Its field has no name on the wire.
        #[serde(transparent)]
        struct Token {
            #[sensitive]
            text: String,
        }

        #[event]
        struct Issued {
            new_token: Option<Token>,
            #[serde(with = "super::reversed")]
            old_card: Card,
        }

        #[error]
        enum VaultError {
            #[error(status = 401, message = "refused at {at}")]
            Refused {
                at: u32,
                #[sensitive]
                tried: u32,
            },
            #[error(status = 503, message = "closed at {at}")]
            Closed { at: u32 },
        }

        #[request]
        async fn open(
            user: String,
            #[sensitive]
            #[serde(rename = "pass-word")]
            password: u32,
            #[serde(default)] card: Option<Card>,
            #[serde(default)] pin: Option<Pin>,
            #[serde(default)] proofs: Vec<Proof>,
            #[serde(default)]
            #[sensitive]
            answers: HashMap<String, u32>,
        ) -> Result<u32, VaultError>;

        #[request]
        async fn issue() -> Card;

        #[request]
        fn cards() -> impl Stream<Item = Card>;

        #[request]
        async fn guess() -> Pin;

        #[request]
        async fn count(of: Vec<u32>) -> Vec<u32>;
    }
);

/// The same as somebody else has it: what are numbers here is text there.
mod theirs {
    magicbutton::contract!(
        #[contract(version = "1.1.0")]
        pub mod vault {
            struct Card {
                holder: String,
                card_number: String,
            }

            #[event]
            struct Opened {
                at: u32,
                by_whom: String,
            }

            #[event]
            struct Issued {}

            #[error]
            enum VaultError {
                #[error(status = 401, message = "refused at {at}")]
                Refused { at: u32, tried: String },
                #[error(status = 503, message = "closed at {at}")]
                Closed { at: String },
            }

            #[request]
            async fn open(user: String) -> Result<u32, VaultError>;

            #[request]
            async fn issue() -> Card;

            #[request]
            fn cards() -> impl Stream<Item = Card>;

            #[request]
            async fn guess() -> String;

            #[request]
            async fn count(of: Vec<u32>) -> Vec<String>;
        }
    );
}

/// A shape that the contract does not say.
mod reversed {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::vault::Card;

    pub(super) fn serialize<S: Serializer>(card: &Card, to: S) -> Result<S::Ok, S::Error> {
        (card.card_number, &card.holder).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Card, D::Error> {
        let (card_number, holder) = Deserialize::deserialize(from)?;
        Ok(Card { holder, card_number })
    }
}

/// What nobody may see.
const SECRET: &str = "swordfish";

fn card() -> vault::Card {
    vault::Card { holder: "Ann".to_owned(), card_number: 4711 }
}

struct Vault;

impl vault::Service for Vault {
    async fn open(
        &self,
        _: &Context,
        _: String,
        password: u32,
        _: Option<vault::Card>,
        _: Option<vault::Pin>,
        _: Vec<vault::Proof>,
        _: std::collections::HashMap<String, u32>,
    ) -> Reply<u32, vault::VaultError> {
        Err(vault::VaultError::Refused { at: 9, tried: password })?
    }

    async fn issue(&self, _: &Context) -> Reply<vault::Card> {
        Ok(card())
    }

    fn cards(&self, _: &Context) -> impl Stream<Item = Reply<vault::Card>> + Send {
        futures_util::stream::iter([Ok(card())])
    }

    async fn guess(&self, _: &Context) -> Reply<vault::Pin> {
        Ok(vault::Pin(4711))
    }

    async fn count(&self, _: &Context, of: Vec<u32>) -> Reply<Vec<u32>> {
        Ok(of)
    }
}

/// Serves their contract, and so says everything wrong.
struct Theirs;

impl theirs::vault::Service for Theirs {
    async fn open(&self, cx: &Context, user: String) -> Reply<u32, theirs::vault::VaultError> {
        cx.broadcast(theirs::vault::Opened { at: 9, by_whom: SECRET.to_owned() }).await?;
        Err(match user.as_str() {
            "late" => theirs::vault::VaultError::Closed { at: "night".to_owned() },
            _ => theirs::vault::VaultError::Refused { at: 9, tried: SECRET.to_owned() },
        })?
    }

    async fn issue(&self, _: &Context) -> Reply<theirs::vault::Card> {
        Ok(theirs::vault::Card { holder: "Ann".to_owned(), card_number: SECRET.to_owned() })
    }

    fn cards(&self, cx: &Context) -> impl Stream<Item = Reply<theirs::vault::Card>> + Send {
        futures_util::stream::once(self.issue(cx))
    }

    async fn guess(&self, _: &Context) -> Reply<String> {
        Ok(SECRET.to_owned())
    }

    async fn count(&self, _: &Context, _: Vec<u32>) -> Reply<Vec<String>> {
        Ok(vec!["plenty".to_owned()])
    }
}

fn open(user: &str) -> vault::requests::Open {
    vault::requests::Open {
        user: user.to_owned(),
        password: 4711,
        card: Some(card()),
        pin: Some(vault::Pin(4711)),
        proofs: vec![
            vault::Proof::None,
            vault::Proof::Key { key_id: 4711, label: "front".to_owned() },
        ],
        answers: [("mother".to_owned(), 4711)].into(),
    }
}

#[test]
fn a_sensitive_value_shows_in_no_debug() {
    let shown = |value: &dyn Debug| {
        let (text, pretty) = (format!("{value:?}"), format!("{value:#?}"));
        assert!(!text.contains("4711") && !pretty.contains("4711"), "{text}");
        text
    };
    assert_eq!(shown(&card()), r#"Card { holder: "Ann", card_number: *** }"#);
    assert_eq!(shown(&vault::Pin(4711)), "Pin(***)");
    assert_eq!(shown(&vault::Proof::None), "None");
    let way = [vault::Way::Door(4711), vault::Way::Window { floor: 2 }];
    assert_eq!(shown(&way), "[Door(***), Window { floor: 2 }]");
    let opened = vault::Opened { at: 9, by_whom: 4711 };
    assert_eq!(shown(&opened), "Opened { at: 9, by_whom: *** }");
    assert_eq!(shown(&vault::Event::from(opened)), "Opened(Opened { at: 9, by_whom: *** })");
    let error = vault::VaultError::Refused { at: 9, tried: 4711 };
    assert_eq!(shown(&error), "Refused { at: 9, tried: *** }");
    assert_eq!(error.to_string(), "refused at 9");
    shown(&Failure::from(error.clone()));
    assert_eq!(shown(&vault::Error::from(error)), "VaultError(Refused { at: 9, tried: *** })");
    let payload = "Open { user: \"ann\", password: ***, \
                   card: Some(Card { holder: \"Ann\", card_number: *** }), pin: Some(Pin(***)), \
                   proofs: [None, Key { key_id: ***, label: \"front\" }], answers: *** }";
    assert_eq!(shown(&open("ann")), payload);
    shown(&vault::Request::from(open("ann")));
    // It travels all the same.
    assert_eq!(serde_json::to_value(card()).unwrap()["cardNumber"], 4711);
}

#[test]
fn the_descriptor_names_what_is_sensitive() {
    let request = |name: &str| {
        vault::CONTRACT.requests.iter().find(|request| request.name == name).unwrap().sensitive
    };
    // Its own, those of the types in it, and whatever holds something sensitive without a name.
    let names = ["answers", "cardNumber", "keyId", "no", "pass-word", "pin"];
    assert_eq!(request("open"), names);
    assert_eq!(request("issue"), ["cardNumber", "no"]);
    assert_eq!(request("guess"), [""]);
    assert_eq!(request("count"), [] as [&str; 0]);
    assert_eq!(vault::CONTRACT.events[0].sensitive, ["byWhom"]);
    // What looks otherwise on the wire than declared is hidden as a whole.
    let names = ["cardNumber", "newToken", "no", "oldCard", "text"];
    assert_eq!(vault::CONTRACT.events[1].sensitive, names);
    let errors = vault::CONTRACT.errors.iter().map(|error| error.sensitive);
    assert_eq!(errors.collect::<Vec<_>>(), [&["tried"][..], &[]]);
}

#[test]
fn it_is_no_part_of_the_shape() {
    #[allow(dead_code, reason = "only described")]
    mod open {
        magicbutton::contract!(
            #[contract(version = "1.0.0", name = "same")]
            pub mod contract {
                #[event]
                struct Told {
                    what: String,
                }
                #[request]
                async fn tell(what: String) -> u32;
            }
        );
    }
    #[allow(dead_code, reason = "only described")]
    mod secret {
        magicbutton::contract!(
            #[contract(version = "1.0.0", name = "same")]
            pub mod contract {
                #[event]
                struct Told {
                    #[sensitive]
                    what: String,
                }
                #[request(timeout = "5s")]
                async fn tell(#[sensitive] what: String) -> u32;
            }
        );
    }
    assert_eq!(open::contract::CONTRACT.fingerprint, secret::contract::CONTRACT.fingerprint);
}

fn fault<T: Debug>(reply: Reply<T, impl Debug>) -> Fault {
    match reply {
        Err(Failure::Fault(fault)) => fault,
        other => panic!("expected a fault: {other:?}"),
    }
}

/// Payloads that are wrong where something is sensitive, and what is told of where that is.
fn wrong_payloads() -> Vec<(Value, &'static str)> {
    let with = |key: &str, value: Value| {
        let mut payload = json!({ "user": "ann", "pass-word": 1 });
        payload[key] = value;
        payload
    };
    vec![
        (with("pass-word", json!(SECRET)), "pass-word"),
        (with("pass-word", json!([SECRET])), "pass-word"),
        (with("card", json!({ "holder": "Ann", "cardNumber": SECRET })), "card.cardNumber"),
        (with("card", json!({ "holder": "Ann", "no": SECRET })), "card.no"),
        // By its place, as serde takes structs, too.
        (with("card", json!(["Ann", SECRET])), "card"),
        (with("card", json!(SECRET)), "card"),
        (with("pin", json!(SECRET)), "pin"),
        // Read in two steps: the path leads to the enum only.
        (with("proofs", json!([{ "kind": "Key", "keyId": SECRET, "label": "l" }])), "proofs"),
        // Names that are values.
        (with("answers", json!({ SECRET: "x" })), "answers"),
        (json!(["ann", SECRET]), ""),
        (json!(SECRET), ""),
    ]
}

#[tokio::test]
async fn a_fault_does_not_quote_what_is_sensitive() {
    let server = Server::builder()
        .serve(vault::serve(Vault))
        .bind("memory://secret-payloads")
        .start()
        .await
        .unwrap();
    for way in ["", "?codec=json", "?codec=msgpack"] {
        let client = magicbutton::Client::connect(format!("memory://secret-payloads{way}"));
        let client = client.await.unwrap();
        for (payload, path) in wrong_payloads() {
            let fault = fault(client.call_raw("open", Body::new(payload.clone())).await);
            let text = format!("{fault} {fault:?}");
            assert!(!text.contains(SECRET), "{way} {payload}: {text}");
            // In memory it has crossed as what any caller sees.
            let details = fault.details().unwrap();
            assert_eq!(fault.code(), "VALIDATION_FAILED", "{payload}");
            assert_eq!(details["violations"][0]["path"], path, "{way} {payload}");
            assert_eq!(
                details["violations"][0]["reason"], "sensitive, so it is not shown",
                "{payload}"
            );
            assert!(fault.message().starts_with("the payload of vault/open is not as declared"));
        }
    }
    drop(server);
}

#[tokio::test]
async fn what_is_not_sensitive_is_still_told() {
    let client = vault::Client::in_process(Vault);
    for (payload, path, reason) in [
        (json!({ "user": 5, "pass-word": 1 }), "user", "invalid type: integer `5`"),
        (json!({ "user": "ann" }), "", "missing field `pass-word`"),
        (json!({ "user": "ann", "pass-word": 1, "card": {} }), "card", "missing field `holder`"),
    ] {
        let fault = fault(client.client().call_raw("open", Body::new(payload)).await);
        assert_eq!(fault.details().unwrap()["violations"][0]["path"], path);
        assert!(fault.message().contains(reason), "{fault}");
    }
    let body = Body::new(json!({ "of": [1, "two"] }));
    let fault = fault(client.client().call_raw("count", body).await);
    assert!(fault.message().contains("`of[1]`: invalid type: string \"two\""), "{fault}");
}

#[tokio::test]
async fn frames_are_answered_without_it() {
    let server = Server::builder()
        .serve(vault::serve(Vault))
        .bind("ws://127.0.0.1:0")
        .start()
        .await
        .unwrap();
    for subprotocol in [None, Some("mb.msgpack")] {
        let mut by_hand = ByHand::connect_as(&server.endpoints()[0], subprotocol).await;
        for (payload, path) in wrong_payloads() {
            let error = by_hand.error("open", payload.clone()).await;
            assert!(!error.to_string().contains(SECRET), "{payload}: {error}");
            assert_eq!(
                (&error["code"], &error["details"]["violations"][0]["path"]),
                (&json!("VALIDATION_FAILED"), &json!(path))
            );
        }
    }
}

#[tokio::test]
async fn neither_do_replies_and_errors_that_are_not_as_declared() {
    let server = Server::builder()
        .serve(theirs::vault::serve(Theirs))
        .bind("memory://their-vault")
        .start()
        .await
        .unwrap();
    for way in ["", "?codec=json", "?codec=msgpack"] {
        let client = vault::Client::connect(format!("memory://their-vault{way}")).await.unwrap();
        let hidden = |fault: Fault, start: &str| {
            let text = format!("{fault} {fault:?}");
            assert!(!text.contains(SECRET), "{way}: {text}");
            assert_eq!(fault.kind(), FaultKind::ContractMismatch, "{text}");
            assert!(fault.message().starts_with(start), "{text}");
        };
        let start = "the reply to vault/issue is not as declared: `cardNumber`: sensitive";
        hidden(fault(client.issue().await), start);
        let start = "the reply to vault/cards is not as declared: `cardNumber`: sensitive";
        hidden(fault(client.cards().next().await.unwrap()), start);
        hidden(
            fault(client.guess().await),
            "the reply to vault/guess is not as declared: sensitive",
        );
        let start = "the details of REFUSED are not as declared: sensitive";
        hidden(fault(client.client().call(open("ann")).await), start);
        hidden(fault(client.send(open("ann").into()).await), start);
        // Where nothing is sensitive, everything is told.
        let closed = fault(client.client().call(open("late")).await);
        assert!(closed.message().contains("invalid type: string \"night\""), "{closed}");
        assert_eq!(closed.details().unwrap()["details"]["at"], "night");
        let counted = fault(client.count(vec![]).await);
        assert_eq!(counted.details().unwrap()["violations"][0]["path"], "[0]");
        assert!(!counted.message().contains("sensitive"), "{counted}");
    }
    drop(server);
}
