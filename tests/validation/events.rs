//! Events: neither sent nor handled where they break a rule.

use std::sync::{Arc, Mutex};

use magicbutton::{Client, Context, FaultKind, Reply, Server, contract};

use crate::{
    store::{Shop, item, shop},
    told,
};

fn wrong() -> shop::Ordered {
    shop::Ordered { order_id: String::new(), items: vec![item("pen", 1), item("pen", 0)] }
}

const WRONG: [(&str, &str); 2] =
    [("items[1].unitPrice", "lower than 1"), ("orderId", "length is lower than 1")];

#[tokio::test]
async fn an_event_that_breaks_a_rule_is_not_sent() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let server = Server::builder()
        .serve(shop::serve(Shop::default()))
        .on(move |event: magicbutton::Received<shop::Event>| {
            noted.lock().unwrap().push(format!("{:?}", *event));
            async { Ok(()) }
        })
        .bind("memory://events");
    let server = server.start().await.unwrap();
    let client = shop::Client::connect("memory://events").await.unwrap();
    let mut closed = client.subscribe::<shop::Event>().await.unwrap();

    for refused in [
        client.emit(wrong()).await,
        client.emit(shop::Event::from(wrong())).await,
        server.broadcast(wrong()).await,
        server.broadcast(shop::Event::from(wrong())).await,
        server.send_to(client.client().id(), wrong()).await,
    ] {
        let fault = refused.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::ValidationFailed);
        assert_eq!(told(&fault), WRONG);
        assert!(fault.message().starts_with("the event shop/ordered breaks a rule"), "{fault}");
    }
    server.broadcast(shop::Closed { at: 5 }).await.unwrap();
    client.emit(shop::Event::from(shop::Closed { at: 6 })).await.unwrap();
    let first = closed.next().await.unwrap();
    assert!(matches!(*first, shop::Event::Closed(ref closed) if closed.at == 5), "{:?}", *first);
    server.stop().await.unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.len() == 1 && seen[0].contains("Closed"), "{seen:?}");
}

/// The same contract as somebody sees it who knows nothing of its rules.
mod loose {
    magicbutton::contract!(
        #[contract(version = "1.0.0")]
        pub mod shop {
            #[event]
            struct Ordered {
                order_id: String,
                items: Vec<u32>,
            }
        }
    );
}

#[tokio::test]
async fn an_event_that_comes_all_the_same_is_not_handled() {
    for codec in ["", "?codec=json"] {
        let handled = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&handled);
        let endpoint = format!("memory://loose{codec}");
        let server = Server::builder()
            .serve(shop::serve(Shop::default()))
            .on(move |event: magicbutton::Received<shop::Ordered>| {
                noted.lock().unwrap().push(event.order_id.clone());
                async { Ok(()) }
            })
            .bind(endpoint.as_str());
        let server = server.start().await.unwrap();
        let client = Client::connect(endpoint.as_str()).await.unwrap();
        for order_id in ["", "o-1"] {
            let order_id = order_id.to_owned();
            client.emit(loose::shop::Ordered { order_id, items: vec![] }).await.unwrap();
        }
        server.stop().await.unwrap();
        assert_eq!(*handled.lock().unwrap(), ["o-1"], "{codec}");
    }
}

contract!(
    #[contract(version = "1.0.0")]
    mod teller {
        #[event]
        struct Told {
            #[garde(length(max = 3))]
            what: String,
        }

        #[request]
        async fn tell(what: String);
    }
);

struct Teller;

impl teller::Service for Teller {
    async fn tell(&self, cx: &Context, what: String) -> Reply<()> {
        cx.broadcast(teller::Told { what }).await?;
        Ok(())
    }
}

#[tokio::test]
async fn what_a_handler_announces_is_no_fault_of_its_caller() {
    let client = teller::Client::in_process(Teller);
    client.tell("yes".into()).await.unwrap();
    let fault = crate::fault(client.tell("no, never".into()).await);
    assert_eq!(fault.kind(), FaultKind::Internal);
    assert_eq!(fault.violations().count(), 0);
}
