//! By hand: the text is encoded once, each subscriber has a queue and a task that writes all that is
//! in it, and flushes once.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::StreamExt;
use serde::Serialize;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::{UnboundedSender, unbounded_channel},
};
use tokio_tungstenite::tungstenite::Message;

use super::{
    super::socket::{accept, text, write_batches},
    Broadcast,
};
use crate::payload::{Order, items, new_order};

#[derive(Serialize)]
struct Event {
    event: &'static str,
    payload: Order,
}

type Subscribers = Arc<Mutex<Vec<UnboundedSender<Message>>>>;

#[derive(Clone, Copy)]
pub(crate) struct Floor;

impl Broadcast for Floor {
    const EVENT: &str = "orderCreated";
    type Server = Subscribers;

    async fn serve(self) -> io::Result<(String, Subscribers)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("ws://{}/", listener.local_addr()?);
        let subscribers = Subscribers::default();
        let all = Arc::clone(&subscribers);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(subscribe(stream, Arc::clone(&all)));
            }
        });
        Ok((address, subscribers))
    }

    async fn publish(subscribers: &Subscribers) -> io::Result<()> {
        let payload = new_order("customer-1", &items());
        let message = text(&Event { event: Self::EVENT, payload })?;
        let mut subscribers = subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        subscribers.retain(|subscriber| subscriber.send(message.clone()).is_ok());
        Ok(())
    }
}

/// Serves one subscriber until it leaves.
async fn subscribe(stream: TcpStream, subscribers: Subscribers) -> io::Result<()> {
    let (sink, mut stream) = accept(stream).await?.split();
    let (subscriber, queued) = unbounded_channel();
    subscribers.lock().unwrap_or_else(PoisonError::into_inner).push(subscriber);
    let writer = tokio::spawn(write_batches(queued, sink));
    // Nothing is expected, but a close, and pings are answered by the way.
    while let Some(Ok(_)) = stream.next().await {}
    writer.abort();
    Ok(())
}
