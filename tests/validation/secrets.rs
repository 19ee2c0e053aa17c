//! What is sensitive is not told of, whatever a rule says of it.

use std::collections::BTreeMap;

use magicbutton::{Context, Reply, contract, garde};

use crate::{fault, told};

const HIDDEN: &str = "sensitive, so it is not shown";

fn quotes<T: std::fmt::Debug>(value: &T, _: &()) -> garde::Result {
    Err(garde::Error::new(format!("{value:?} is wrong")))
}

fn quotes_number(card: &vault::Card, _: &()) -> garde::Result {
    Err(garde::Error::new(format!("{} is wrong", card.number)))
}

contract!(
    #[contract(version = "1.0.0")]
    mod vault {
        use std::collections::BTreeMap;

        use super::quotes;

        struct Card {
            #[garde(custom(quotes))]
            holder: String,
            #[sensitive]
            #[garde(length(min = 99), custom(quotes))]
            number: String,
        }

        struct Question {
            #[garde(length(min = 1))]
            text: String,
        }

        #[request]
        #[garde(custom(quotes))]
        async fn open(
            #[garde(custom(quotes))] user: String,
            #[sensitive]
            #[garde(length(min = 8), custom(quotes))]
            password: String,
            #[garde(dive, custom(super::quotes_number))] card: Card,
            #[sensitive]
            #[garde(dive)]
            answers: BTreeMap<String, Question>,
            #[garde(contains(self.password.as_str()))] hint: String,
        );
    }
);

struct Vault;

impl vault::Service for Vault {
    async fn open(
        &self,
        _: &Context,
        _: String,
        _: String,
        _: vault::Card,
        _: BTreeMap<String, vault::Question>,
        _: String,
    ) -> Reply<()> {
        Ok(())
    }
}

#[tokio::test]
async fn reasons_do_not_leak_values() {
    let client = vault::Client::in_process(Vault);
    let card = vault::Card { holder: "ann".into(), number: "4711".into() };
    let answers = BTreeMap::from([("maiden".into(), vault::Question { text: String::new() })]);
    let fault =
        fault(client.open("ann".into(), "secret".into(), card, answers, "none".into()).await);
    assert_eq!(
        told(&fault),
        [
            // Of the whole, which holds secrets.
            ("", HIDDEN),
            // Its keys are values too.
            ("answers", HIDDEN),
            // Of a field that holds a secret, a rule of one's own may quote it.
            ("card", HIDDEN),
            ("card.holder", "\"ann\" is wrong"),
            // What garde's rules say is about the rule.
            ("card.number", "length is lower than 99"),
            ("card.number", HIDDEN),
            // It would quote another field.
            ("hint", HIDDEN),
            ("password", "length is lower than 8"),
            ("password", HIDDEN),
            ("user", "\"ann\" is wrong"),
        ]
    );
    let all = format!("{fault} {:?}", fault.details());
    for secret in ["4711", "secret", "maiden"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}
