//! Names over a network: bare where that is clear, in full where two contracts share one.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use magicbutton::{Client, Context, Endpoint, Received, Reply, Server, contract};
use tokio::{sync::mpsc, time::timeout};

contract!(
    #[contract(version = "1.0.0")]
    mod mills {
        #[event]
        struct Turned {
            mill: u32,
        }

        #[event]
        struct Stopped {}

        #[request]
        async fn count() -> u32;
    }
);

contract!(
    #[contract(version = "1.0.0")]
    mod pages {
        #[event]
        struct Turned {
            page: u32,
        }

        #[request]
        async fn count() -> u32;
    }
);

struct Mills;
struct Pages;

impl mills::Service for Mills {
    async fn count(&self, _: &Context) -> Reply<u32> {
        Ok(4)
    }
}

impl pages::Service for Pages {
    async fn count(&self, _: &Context) -> Reply<u32> {
        Ok(300)
    }
}

async fn both(emitted: mpsc::UnboundedSender<u32>) -> (Server, Endpoint) {
    let server = Server::builder()
        .serve(mills::serve(Mills))
        .serve(pages::serve(Pages))
        .on(move |turned: Received<pages::Turned>| {
            let _ = emitted.send(turned.page);
            async { Ok(()) }
        })
        .bind("ws://127.0.0.1:0/library")
        .start()
        .await
        .unwrap();
    let endpoint = server.endpoints().first().unwrap().clone();
    (server, endpoint)
}

#[tokio::test]
async fn two_contracts_may_share_every_name() {
    let (emitted, mut turned) = mpsc::unbounded_channel();
    let (server, endpoint) = both(emitted).await;
    let client = Client::connect(&endpoint).await.unwrap();
    let (mills, pages) =
        (client.typed::<mills::Client>().unwrap(), client.typed::<pages::Client>().unwrap());
    assert_eq!((mills.count().await.unwrap(), pages.count().await.unwrap()), (4, 300));

    let mut of_mills = mills.subscribe::<mills::Turned>().await.unwrap();
    let mut of_pages = pages.subscribe::<pages::Turned>().await.unwrap();
    server.broadcast(pages::Turned { page: 7 }).await.unwrap();
    server.broadcast(mills::Turned { mill: 3 }).await.unwrap();
    assert_eq!(of_mills.next().await.unwrap().mill, 3);
    assert_eq!(of_pages.next().await.unwrap().page, 7);

    pages.emit(pages::Turned { page: 8 }).await.unwrap();
    let arrived = timeout(Duration::from_secs(5), turned.recv()).await;
    assert_eq!(arrived.unwrap(), Some(8));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn all_events_of_a_contract_arrive_in_order_by_whichever_name() {
    let (emitted, _turned) = mpsc::unbounded_channel();
    let (server, endpoint) = both(emitted).await;
    let mills = mills::Client::connect(&endpoint).await.unwrap();
    let mut events = mills.subscribe::<mills::Event>().await.unwrap();
    // The first goes by its full name, as pages turn too; the second by its bare one.
    server.broadcast(mills::Turned { mill: 1 }).await.unwrap();
    server.broadcast(mills::Stopped {}).await.unwrap();
    let first = events.next().await.unwrap();
    assert!(matches!(&*first, mills::Event::Turned(turned) if turned.mill == 1), "{first:?}");
    let second = events.next().await.unwrap();
    assert!(matches!(&*second, mills::Event::Stopped(_)), "{second:?}");
    assert_eq!(events.undecodable(), 0);
}
