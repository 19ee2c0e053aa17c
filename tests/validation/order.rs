//! In which order things are asked: who may, then whether it is right, then the guard, then the handler.

use magicbutton::{Actor, Body, Context, FaultKind, Reply, contract, garde};
use serde_json::json;

use crate::fault;

fn panics(_: &u32, _: &()) -> garde::Result {
    panic!("a rule of the user's")
}

contract!(
    #[contract(version = "1.0.0")]
    mod vault {
        #[roles]
        enum Role {
            #[grants("vault:open")]
            Keeper,
        }

        #[request]
        #[access("vault:open", guard = is_theirs)]
        async fn open(#[garde(range(max = 9))] number: u32) -> u32;

        #[request]
        #[access(public)]
        async fn burst(#[garde(custom(super::panics))] number: u32) -> u32;
    }
);

struct Vault;

impl vault::Service for Vault {
    async fn is_theirs(&self, _: &Context, request: &vault::requests::Open) -> Reply<bool> {
        assert!(request.number <= 9, "the guard sees what keeps its rules");
        Ok(request.number != 5)
    }

    async fn open(&self, _: &Context, number: u32) -> Reply<u32> {
        Ok(number)
    }

    async fn burst(&self, _: &Context, number: u32) -> Reply<u32> {
        Ok(number)
    }
}

#[tokio::test]
async fn who_may_then_what_then_the_guard() {
    let keeper = || Actor { roles: vec!["keeper".into()], ..Actor::new("kim") };
    for (who, number, expected) in [
        (Actor::new("eve"), 10, Some(FaultKind::Forbidden)),
        (keeper(), 10, Some(FaultKind::ValidationFailed)),
        (keeper(), 5, Some(FaultKind::Forbidden)),
        (keeper(), 3, None),
    ] {
        let client = vault::Client::in_process_as(Vault, who);
        let answer = client.client().call_raw("open", Body::new(json!({ "number": number }))).await;
        match expected {
            Some(kind) => assert_eq!(fault(answer).kind(), kind, "{number}"),
            None => assert_eq!(answer.unwrap().decode::<u32>().unwrap(), number),
        }
    }
}

#[tokio::test]
async fn a_rule_that_panics_is_a_reason_like_any_other() {
    let client = vault::Client::in_process(Vault);
    let raw = client.client().call_raw("burst", Body::new(json!({ "number": 1 }))).await;
    for fault in [fault(client.burst(1).await), fault(raw)] {
        assert_eq!(fault.kind(), FaultKind::ValidationFailed);
        assert_eq!(crate::told(&fault), [("", "its own code panicked")]);
    }
}
