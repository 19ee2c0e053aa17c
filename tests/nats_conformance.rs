//! What every transport owes, held against NATS, over a real server.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/nats_server.rs"]
mod nats_server;

use std::time::Duration;

use magicbutton::{Client, ClientBuilder, Endpoint, Server, ServerBuilder, nats::Nats};
use mb_runtime::conformance::{self, Arena, Traits};
use nats_server::NatsServer;

struct OverNats {
    server: NatsServer,
    codec: &'static str,
}

impl Arena for OverNats {
    fn endpoint(&self, name: &str) -> String {
        self.server.url(name)
    }

    fn server(&self) -> ServerBuilder {
        // The suite expects that an endpoint has one server; a queue group is told so.
        Server::builder().transport(Nats::new().exclusive())
    }

    fn client(&self) -> ClientBuilder {
        // A server that vanishes without a word is noticed by its silence: not to wait 30 s for it.
        Client::builder().limits(|limits| limits.heartbeat = Duration::from_millis(100))
    }

    fn dial(&self, bound: &Endpoint) -> String {
        format!("{bound}?codec={}", self.codec)
    }

    fn traits(&self) -> Traits {
        Traits::SESSION
    }
}

async fn nats(codec: &'static str) {
    let Some(server) = nats_server::start() else { return };
    let report = conformance::run(&OverNats { server, codec }).await;
    println!("{report}");
    report.assert();
}

#[tokio::test]
async fn nats_with_json() {
    nats("json").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_with_json_on_several_threads() {
    nats("json").await;
}

#[tokio::test]
async fn nats_with_message_pack() {
    nats("msgpack").await;
}
