//! A first conversation over WebSocket.

mod common;

use common::{Workshop, workshop};
use magicbutton::Server;

#[tokio::test]
async fn a_call_crosses_a_socket() {
    let server = Server::builder()
        .id("bench")
        .serve(workshop::serve(Workshop::default()))
        .bind("ws://127.0.0.1:0/workshop")
        .start()
        .await
        .unwrap();
    let endpoint = server.endpoints()[0].clone();
    let client = workshop::Client::connect(&endpoint).await.unwrap();
    let thing = client.make_thing("t-1".into(), Vec::new()).await.unwrap();
    assert_eq!(thing.thing_id, "t-1");
    server.stop().await.unwrap();
}
