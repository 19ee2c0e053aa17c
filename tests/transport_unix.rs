//! The toy transport of the transport author's guide keeps what every transport promises.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

#[allow(dead_code, reason = "the example also has a `main`")]
#[path = "../examples/transport_unix.rs"]
mod example;

use example::Unix;
use magicbutton::{Client, ClientBuilder, Endpoint, Fault, FaultKind, Server, ServerBuilder};
use mb_core::BindError;
use mb_runtime::conformance::{self, Arena, Traits};

/// Sockets in the folder for temporary files, with the name of this process in theirs.
struct OverUnix {
    codec: &'static str,
}

/// A connection string that no other test uses.
fn address(name: &str) -> String {
    let file = std::env::temp_dir().join(format!("mb-{}-{name}.sock", std::process::id()));
    format!("unix://localhost{}", file.display())
}

impl Arena for OverUnix {
    fn endpoint(&self, name: &str) -> String {
        format!("{}?codec={}", address(name), self.codec)
    }

    fn server(&self) -> ServerBuilder {
        Server::builder().transport(Unix)
    }

    fn client(&self) -> ClientBuilder {
        Client::builder().transport(Unix)
    }

    fn dial(&self, bound: &Endpoint) -> String {
        format!("{bound}?codec={}", self.codec)
    }

    fn traits(&self) -> Traits {
        Traits::SESSION
    }
}

#[tokio::test]
async fn it_keeps_what_every_transport_promises() {
    conformance::run(&OverUnix { codec: "json" }).await.assert();
}

#[tokio::test]
async fn and_with_another_codec() {
    conformance::run(&OverUnix { codec: "msgpack" }).await.assert();
}

#[tokio::test]
async fn what_is_wrong_with_a_connection_string_is_said() {
    for (at, why) in [
        ("unix://orders/tmp/orders.sock", "write it like `unix://localhost/tmp/orders.sock`"),
        ("unix://localhost/tmp/orders.sock?coded=json", "no option is called `coded`"),
        ("unix://localhost/tmp/orders.sock?codec=xml", "no codec is called `xml`"),
    ] {
        let fault: Fault = Client::builder().transport(Unix).connect(at).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::ValidationFailed);
        assert!(fault.message().contains(why), "{fault}");
        let error = Server::builder().transport(Unix).bind(at).start().await.unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[tokio::test]
async fn a_socket_in_use_is_refused_and_one_left_behind_is_taken_over() {
    let at = address("twice");
    let server = Server::builder().transport(Unix).bind(&at).start().await.unwrap();
    let second = Server::builder().transport(Unix).bind(&at).start().await.unwrap_err();
    let in_use = matches!(second, magicbutton::StartError::Bind(BindError::InUse { .. }));
    assert!(in_use, "{second}");
    server.stop().await.unwrap();
    let third = Server::builder().transport(Unix).bind(&at).start().await.unwrap();
    third.stop().await.unwrap();
}

#[test]
fn it_is_as_short_as_the_guide_says() {
    let lines = include_str!("../examples/transport_unix.rs").lines().count();
    assert!(lines < 150, "{lines} lines");
}
