//! What keeps a WebSocket with TLS from being made.

use magicbutton::Client;

use super::{Table, certificates::Files, server, start};

pub(super) async fn faults() -> Table {
    let mut table = Table::titled(&["what was done", "code", "again?", "message"]);
    let files = Files::new();
    let (cert, key) = (files.text("server.pem"), files.text("server.key"));
    let (ca, stranger) = (files.text("ca.pem"), files.text("stranger.pem"));
    let bound = format!("wss://127.0.0.1:0/desk?cert={cert}&key={key}");
    let (_one, at) = start(server(), &bound).await;
    let trusting = |root: &str| Client::connect(format!("{at}?ca={root}"));
    table.fault("a certificate of an authority that is not trusted", trusting(&stranger).await);
    let elsewhere = at.to_string().replace("127.0.0.1", "localhost");
    let elsewhere = Client::connect(format!("{elsewhere}?ca={ca}"));
    table.fault("a certificate of another host", elsewhere.await);
    table.fault("a file of authorities that there is not", trusting("no-such.pem").await);
    let alone = Client::connect(format!("{at}?cert={cert}"));
    table.fault("a certificate without its key", alone.await);
    let plain = Client::connect(at.to_string().replace("wss:", "ws:"));
    table.fault("no TLS with a server that speaks it", plain.await);
    let (_asking, at) = start(server(), &format!("{bound}&client_ca={ca}")).await;
    let nobody = Client::connect(format!("{at}?ca={ca}"));
    table.fault("no certificate for a server that asks for one", nobody.await);
    let (_plain, at) = start(server(), "ws://127.0.0.1:0/desk").await;
    let plain = Client::connect(at.to_string().replace("ws:", "wss:"));
    table.fault("TLS with a server that does not speak it", plain.await);
    table
}
