//! The quickest call over a WebSocket that a person would write by hand: JSON with request ids, one
//! task that reads and one that writes at each end, and a writer that flushes once for all that is
//! queued.

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
};
use tokio_tungstenite::tungstenite::Message;

use super::{
    socket::{accept, connect, text, write_batches},
    wire::Wire,
};
use crate::payload::{CreateOrder, Order, create_order, new_order};

#[derive(Serialize, Deserialize)]
struct Request<'a> {
    id: u64,
    method: &'a str,
    params: CreateOrder,
}

#[derive(Serialize, Deserialize)]
struct Reply {
    id: u64,
    result: Order,
}

#[derive(Clone, Copy)]
pub(super) struct Floor;

impl Wire for Floor {
    type Server = ();
    type Client = Client;

    async fn serve(self) -> io::Result<(String, ())> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("ws://{}/", listener.local_addr()?);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream));
            }
        });
        Ok((address, ()))
    }

    async fn connect(self, address: &str) -> io::Result<Client> {
        let (sink, mut stream) = connect(address).await?.split();
        let (outgoing, queued) = mpsc::unbounded_channel();
        tokio::spawn(write_batches(queued, sink));
        let pending = Arc::<Pending>::default();
        let client = Client { next: AtomicU64::new(0), pending: Arc::clone(&pending), outgoing };
        tokio::spawn(async move {
            while let Some(Ok(Message::Text(reply))) = stream.next().await {
                let Ok(Reply { id, result }) = serde_json::from_str(&reply) else { break };
                let caller = pending.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
                // A caller that has left wants no reply.
                let _ = caller.map(|caller| caller.send(result));
            }
        });
        Ok(client)
    }

    async fn call(client: &Client) -> io::Result<Order> {
        client.call("createOrder", create_order()).await
    }
}

type Pending = Mutex<HashMap<u64, oneshot::Sender<Order>>>;

pub(super) struct Client {
    next: AtomicU64,
    pending: Arc<Pending>,
    outgoing: mpsc::UnboundedSender<Message>,
}

impl Client {
    async fn call(&self, method: &str, params: CreateOrder) -> io::Result<Order> {
        let id = self.next.fetch_add(1, Relaxed);
        let (caller, reply) = oneshot::channel();
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).insert(id, caller);
        let request = text(&Request { id, method, params })?;
        self.outgoing.send(request).map_err(io::Error::other)?;
        reply.await.map_err(io::Error::other)
    }
}

/// Serves one connection until it sends something else than a request.
async fn answer(stream: TcpStream) -> io::Result<()> {
    let (sink, mut stream) = accept(stream).await?.split();
    let (outgoing, queued) = mpsc::unbounded_channel();
    tokio::spawn(write_batches(queued, sink));
    while let Some(Ok(Message::Text(request))) = stream.next().await {
        let Request { id, method: "createOrder", params } = serde_json::from_str(&request)? else {
            break;
        };
        let reply = Reply { id, result: new_order(&params.customer_id, &params.items) };
        outgoing.send(text(&reply)?).map_err(io::Error::other)?;
    }
    Ok(())
}
