//! TLS to the engine: an authority of one's own, a certificate to show, TLS before anything is said.

use std::{sync::Arc, time::Duration};

use magicbutton::{Client, FaultKind, nats::Nats};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::{
    certificates::Files,
    contract::{Done, depot, server},
    nats_server::{self, NatsServer},
};

impl Files {
    /// An engine that talks to whoever shows a certificate of `ca`.
    fn engine(&self) -> Option<NatsServer> {
        let (cert, key, ca) =
            (self.path("server.pem"), self.path("server.key"), self.path("ca.pem"));
        nats_server::start_with(&format!(
            "tls {{ cert_file: {cert:?}, key_file: {key:?}, ca_file: {ca:?}, verify: true, \
             timeout: 5 }}"
        ))
    }

    fn trusting(&self) -> Nats {
        Nats::new().root_certificates(self.path("ca.pem"))
    }

    fn showing(&self) -> Nats {
        self.trusting().client_certificate(self.path("client.pem"), self.path("client.key"))
    }
}

/// A server by the connection string, and a client by the builder, and the other way round.
async fn talk(engine: &NatsServer, said: &str, transport: &Nats) {
    let url = engine.url(&format!("?{said}"));
    let server = server("one", &Done::default()).bind(url.as_str()).start().await.unwrap();
    let by_string = Client::connect(url.as_str()).await.unwrap();
    let built = Client::builder().transport(transport.clone()).connect(engine.url(""));
    for client in [by_string, built.await.unwrap()] {
        let client: depot::Client = client.typed().unwrap();
        assert_eq!(client.find("p".into()).await.unwrap(), "p is here");
    }
    server.stop().await.unwrap();
    let server = crate::contract::server("two", &Done::default()).transport(transport.clone());
    let _server = server.bind(engine.url("")).start().await.unwrap();
    let client: depot::Client = Client::connect(url.as_str()).await.unwrap().typed().unwrap();
    assert_eq!(client.find("p".into()).await.unwrap(), "p is here");
}

async fn is_refused(engine: &NatsServer, transport: Nats, why: &str) {
    let refused = Client::builder().transport(transport).connect(engine.url("")).await;
    let refused = refused.err().unwrap_or_else(|| panic!("let in {why}"));
    assert_eq!(refused.kind(), FaultKind::Unavailable, "{why}: {refused}");
}

#[tokio::test]
async fn an_authority_of_its_own_and_a_certificate_to_show() {
    let files = Files::new();
    let Some(engine) = files.engine() else { return };
    let (ca, cert, key) =
        (files.text("ca.pem"), files.text("client.pem"), files.text("client.key"));
    talk(&engine, &format!("ca={ca}&cert={cert}&key={key}"), &files.showing()).await;
    // Nobody talks to an engine that they do not trust, and it to nobody whom it does not know.
    is_refused(&engine, Nats::new(), "with the system's authorities").await;
    let stranger = files.showing().root_certificates(files.path("stranger.pem"));
    is_refused(&engine, stranger, "trusting somebody else").await;
    is_refused(&engine, files.trusting(), "showing nothing").await;
    let intruder = files.trusting();
    let intruder =
        intruder.client_certificate(files.path("intruder.pem"), files.path("intruder.key"));
    is_refused(&engine, intruder, "showing a stranger's certificate").await;
}

/// What a client says to somebody who says nothing.
async fn first_byte(transport: Nats) -> Option<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("nats://{}/", listener.local_addr().unwrap());
    let builder = Client::builder().transport(transport);
    let builder = builder.limits(|limits| limits.handshake = Duration::from_secs(1));
    let listening = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let byte = timeout(Duration::from_millis(500), stream.read_u8()).await;
        byte.ok().map(Result::unwrap)
    };
    let (refused, byte) = tokio::join!(builder.connect(url), listening);
    assert_eq!(refused.unwrap_err().kind(), FaultKind::Unavailable);
    byte
}

#[tokio::test]
async fn tls_before_anything_is_said() {
    // A handshake of TLS begins with this (RFC 8446, section 5.1).
    assert_eq!(first_byte(Nats::new().tls_first()).await, Some(22));
    assert_eq!(first_byte(Nats::new().require_tls()).await, None, "the engine speaks first");
}

/// An engine as it is with `handshake_first`, for those of its versions that have no such word: TLS
/// before anything, and everything that is said inside of it.
async fn handshake_first(files: &Files, engine: &NatsServer) -> u16 {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificates = CertificateDer::pem_file_iter(files.path("server.pem")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            certificates.map(Result::unwrap).collect(),
            PrivateKeyDer::from_pem_file(files.path("server.key")).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, address) = (listener.local_addr().unwrap().port(), engine.address());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, address) = (acceptor.clone(), address.clone());
            tokio::spawn(async move {
                let Ok(mut inside) = acceptor.accept(stream).await else { return };
                let mut engine = TcpStream::connect(address).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut inside, &mut engine).await;
            });
        }
    });
    port
}

#[tokio::test]
async fn everything_is_said_inside_of_tls_that_came_first() {
    let files = Files::new();
    let Some(engine) = nats_server::start() else { return };
    let port = handshake_first(&files, &engine).await;
    let url = format!("nats://127.0.0.1:{port}/?tls=first&ca={}", files.text("ca.pem"));
    let _server = server("one", &Done::default()).bind(url.as_str()).start().await.unwrap();
    let plain = format!("nats://127.0.0.1:{port}/");
    let first = files.trusting().tls_first();
    let built = Client::builder().transport(first).connect(plain.as_str());
    for client in [Client::connect(url.as_str()).await.unwrap(), built.await.unwrap()] {
        let client: depot::Client = client.typed().unwrap();
        assert_eq!(client.find("p".into()).await.unwrap(), "p is here");
    }
    // Whoever waits for the engine to speak first waits in vain; whoever trusts nobody there leaves.
    let waiting = Client::builder().limits(|limits| limits.handshake = Duration::from_secs(1));
    let waiting = waiting.transport(files.trusting().require_tls()).connect(plain.as_str());
    assert_eq!(waiting.await.unwrap_err().kind(), FaultKind::Unavailable);
    let strangers = Nats::new().root_certificates(files.path("stranger.pem")).tls_first();
    let refused = Client::builder().transport(strangers).connect(plain.as_str()).await;
    assert_eq!(refused.unwrap_err().kind(), FaultKind::Unavailable);
}

#[tokio::test]
async fn whoever_insists_on_tls_does_not_talk_without() {
    let Some(engine) = nats_server::start() else { return };
    let _server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    is_refused(&engine, Nats::new().require_tls(), "in the clear").await;
    let told = Client::connect(engine.url("?tls=true")).await.unwrap_err();
    assert_eq!(told.kind(), FaultKind::Unavailable, "{told}");
}
