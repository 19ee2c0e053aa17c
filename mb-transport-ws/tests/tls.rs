//! `wss://`, with certificates of an authority made for each test.
#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used)]

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use common::*;
use mb_core::{BindError, Binding, Fault, FaultKind, Host, Transport};
use mb_transport_ws::WebSocket;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// A folder of PEM files, gone with the test.
struct Files(PathBuf);

impl Files {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("mb-ws-{}-{count}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// Writes `<name>.pem`, a new authority.
    fn authority(&self, name: &str) -> Issuer<'static, KeyPair> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        self.write(&format!("{name}.pem"), &params.self_signed(&key).unwrap().pem());
        Issuer::new(params, key)
    }

    /// Writes `<name>.pem` and `<name>.key`, signed by an authority, for a host.
    fn certificate(&self, name: &str, host: &str, by: &Issuer<'_, KeyPair>) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([host.to_owned()]).unwrap();
        self.write(&format!("{name}.pem"), &params.signed_by(&key, by).unwrap().pem());
        self.write(&format!("{name}.key"), &key.serialize_pem());
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// An authority `ca`, and a server `server` for 127.0.0.1.
fn files() -> Files {
    let files = Files::new();
    let ca = files.authority("ca");
    files.certificate("server", "127.0.0.1", &ca);
    files
}

async fn serve_with(transport: &WebSocket, host: &Arc<Probe>) -> Box<dyn Binding> {
    let host: Arc<dyn Host> = host.clone();
    transport.bind(&endpoint("wss://127.0.0.1:0/mb"), host).await.unwrap()
}

fn serving(files: &Files) -> WebSocket {
    WebSocket::new().server_certificate(files.path("server.pem"), files.path("server.key"))
}

fn trusting(files: &Files) -> WebSocket {
    WebSocket::new().root_certificates(files.path("ca.pem"))
}

fn refused(fault: &Fault, text: &str) {
    assert_eq!(fault.kind(), FaultKind::Unavailable);
    assert!(!fault.is_retryable(), "{fault}");
    assert!(fault.message().contains(text), "{fault}");
}

async fn talk(transport: &WebSocket, to: &str, host: &Probe) {
    let mut client = connect_with(transport, to, dial()).await.unwrap();
    let mut server = host.carried().await;
    send(&mut client, data("in")).await;
    assert_eq!(next(&mut server).await, data("in"));
    send(&mut server, data("out")).await;
    assert_eq!(next(&mut client).await, data("out"));
}

#[tokio::test]
async fn an_encrypted_connection_carries_frames() {
    let files = files();
    let host = Probe::new();
    let binding = serve_with(&serving(&files), &host).await;
    assert_eq!(binding.endpoint().scheme(), "wss");
    talk(&trusting(&files), &binding.endpoint().to_string(), &host).await;
}

#[tokio::test]
async fn files_are_named_in_the_connection_string() {
    let files = files();
    let host = Probe::new();
    let at = |name: &str| files.path(name).display().to_string();
    let text = format!(
        "wss://127.0.0.1:0/mb?cert={}&key={}&client_ca={}",
        at("server.pem"),
        at("server.key"),
        at("ca.pem")
    );
    let serving: Arc<dyn Host> = host.clone();
    let binding = WebSocket::new().bind(&endpoint(text), serving).await.unwrap();
    let to = format!(
        "{}?ca={}&cert={}&key={}",
        binding.endpoint(),
        at("ca.pem"),
        at("server.pem"),
        at("server.key")
    );
    talk(&WebSocket::new(), &to, &host).await;
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let files = files();
    files.authority("other");
    let host = Probe::new();
    let binding = serve_with(&serving(&files), &host).await;
    let client = WebSocket::new().root_certificates(files.path("other.pem"));
    let fault = connect_with(&client, binding.endpoint().to_string(), dial()).await.unwrap_err();
    refused(&fault, "is not signed by a root that is trusted here");
    refused(&fault, "`?ca=`");
    assert!(host.has_carried_nothing().await);
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let files = Files::new();
    let ca = files.authority("ca");
    files.certificate("server", "elsewhere.example", &ca);
    let binding = serve_with(&serving(&files), &Probe::new()).await;
    let to = binding.endpoint().to_string();
    let fault = connect_with(&trusting(&files), to, dial()).await.unwrap_err();
    refused(&fault, "for another host name");
}

#[tokio::test]
async fn clients_show_a_certificate_where_one_is_asked_for() {
    let files = files();
    let clients = files.authority("clients");
    files.certificate("ada", "ada", &clients);
    let strangers = files.authority("strangers");
    files.certificate("eve", "eve", &strangers);
    let host = Probe::new();
    let server = serving(&files).client_root_certificates(files.path("clients.pem"));
    let binding = serve_with(&server, &host).await;
    let to = binding.endpoint().to_string();

    let showing = |name: &str| {
        let certificate = files.path(&format!("{name}.pem"));
        trusting(&files).client_certificate(certificate, files.path(&format!("{name}.key")))
    };
    talk(&showing("ada"), &to, &host).await;
    let fault = connect_with(&trusting(&files), &to, dial()).await.unwrap_err();
    refused(&fault, "takes only clients with a certificate");
    let fault = connect_with(&showing("eve"), &to, dial()).await.unwrap_err();
    refused(&fault, "does not accept this client's certificate");
    assert!(host.has_carried_nothing().await);
}

#[tokio::test]
async fn plain_and_encrypted_do_not_meet() {
    let files = files();
    let host = Probe::new();
    let encrypted = serve_with(&serving(&files), &host).await;
    let plain = serve(&host).await;

    let to = format!("wss://{}/mb", plain.endpoint().authority());
    let fault = connect_with(&trusting(&files), to, dial()).await.unwrap_err();
    refused(&fault, "does not speak TLS");
    let to = format!("ws://{}/mb", encrypted.endpoint().authority());
    refused(&connect(to).await.unwrap_err(), "means `wss://`");
    assert!(host.has_carried_nothing().await);
}

#[tokio::test]
async fn a_slow_tls_handshake_is_dropped() {
    let files = files();
    let host = Probe::with(hasty(Duration::from_millis(100)));
    let binding = serve_with(&serving(&files), &host).await;
    let mut silent = tcp(&*binding).await;
    hung_up(&mut silent).await;
}

#[tokio::test]
async fn serving_needs_a_certificate() {
    let host: Arc<dyn Host> = Probe::new();
    let at = endpoint("wss://127.0.0.1:0/mb");
    let error = WebSocket::new().bind(&at, host).await.err().unwrap();
    assert!(matches!(error, BindError::Invalid { .. }));
    assert!(error.to_string().contains("wss needs a certificate"), "{error}");
}

/// What a server is told about its files.
async fn bind_error(transport: &WebSocket, at: &str) -> String {
    let host: Arc<dyn Host> = Probe::new();
    let error = transport.bind(&endpoint(at), host).await.err().unwrap();
    assert!(matches!(error, BindError::Invalid { .. }), "{error}");
    error.to_string()
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named() {
    let files = files();
    let other = files.authority("other");
    files.certificate("other-server", "127.0.0.1", &other);
    let (certificate, key) = (files.path("server.pem"), files.path("server.key"));
    let missing = files.path("missing.pem");
    let garbage = files.write("garbage.pem", "secret, but not PEM");
    let broken =
        files.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let is_named = |text: &str, file: &Path, why: &str| {
        assert!(text.contains(&format!("`{}`", file.display())), "{text}");
        assert!(text.contains(why) && !text.contains("secret"), "{text}");
    };

    let at = "wss://127.0.0.1:0";
    for (certificate, key, named, why) in [
        (&missing, &key, &missing, "cannot be read: No such file"),
        (&certificate, &missing, &missing, "cannot be read: No such file"),
        (&garbage, &key, &garbage, "holds no certificate"),
        (&certificate, &garbage, &garbage, "holds no private key"),
        (&certificate, &certificate, &certificate, "holds no private key"),
        (&certificate, &files.path("other-server.key"), &certificate, "cannot be used together"),
    ] {
        let transport = WebSocket::new().server_certificate(certificate, key);
        is_named(&bind_error(&transport, at).await, named, why);
    }
    for roots in [&missing, &garbage, &broken] {
        let transport = serving(&files).client_root_certificates(roots);
        is_named(&bind_error(&transport, at).await, roots, "");
        let client = WebSocket::new().root_certificates(roots);
        let fault = connect_with(&client, "wss://127.0.0.1:1", dial()).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::ValidationFailed);
        is_named(fault.message(), roots, "");
    }
    let text = bind_error(&WebSocket::new(), "wss://127.0.0.1:0?cert=x.pem").await;
    assert!(text.contains("`cert` needs `key`"), "{text}");
}
