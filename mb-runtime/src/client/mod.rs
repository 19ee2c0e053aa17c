//! The calling side: one connection, any number of typed clients over it.

mod builder;
mod call;
mod inbound;
mod outgoing;
mod status;
mod stream;
mod subscribing;

use std::{fmt, sync::Arc};

use futures_core::{Stream, future::BoxFuture};
use mb_core::{
    AnyRequest, Body, Connected, Context, Contract, ContractDescriptor, EndReason, Fault,
    FaultKind, IntoEndpoint, Link, Message, Name, Publish, Request, Resolve, Subscribe,
};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

pub use builder::ClientBuilder;
pub use call::{Call, RawCall};
pub use status::ClientStatus;
pub use stream::{RawStream, StreamCall};
pub use subscribing::Subscribing;

use self::inbound::Inbound;
use crate::{dispatch::ServedContract, server::Server};

/// A connection to a server. Clones share it; the last one dropped closes it.
///
/// It knows no contract: make any number of generated clients over it,
/// `client.typed::<orders::Client>()?`, which share the connection.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    connected: Connected,
    inbound: Arc<Inbound>,
    timeout: Option<std::time::Duration>,
    /// The server of an in-process client, which lives as long as its client.
    _server: Option<Server>,
}

impl Client {
    /// A client about to connect, with options.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Connects with the defaults of [`builder`](Self::builder).
    ///
    /// # Errors
    /// `UNAVAILABLE` where nobody serves the endpoint.
    pub async fn connect(endpoint: impl IntoEndpoint) -> Result<Self, Fault> {
        Self::builder().connect(endpoint).await
    }

    /// A client of a server of its own, in this process, with no endpoint. For tests.
    ///
    /// The service's broadcasts reach this client; nothing else can connect.
    pub fn in_process(contract: ServedContract) -> Self {
        builder::in_process(contract)
    }

    /// Calls a declared request. Generated clients do this in their methods.
    pub fn call<R: Request>(&self, request: R) -> Call<'_, R> {
        Call::new(self, request)
    }

    /// Calls a declared request that is answered by a stream. Generated clients do this in their
    /// methods.
    pub fn stream<R: Request>(&self, request: R) -> StreamCall<'_, R> {
        StreamCall::new(self, request)
    }

    /// Calls a request by name, in full (`orders/createOrder`) or, while it is unambiguous, bare.
    /// For tools that know no contract.
    pub fn call_raw(&self, name: &str, body: Body) -> RawCall<'_> {
        RawCall::new(self, raw(name, body))
    }

    /// Sends any request of a contract, say from a log. Generated clients have this as `send`.
    pub fn send<E: Resolve>(&self, request: impl AnyRequest) -> RawCall<'_, E> {
        RawCall::new(self, request.into_message())
    }

    /// Sends any request of a contract that is answered by a stream. Generated clients have this
    /// as `send_streamed`.
    pub fn send_streamed<E: Resolve>(&self, request: impl AnyRequest) -> RawStream<'_, E> {
        RawStream::new(self, request.into_message())
    }

    /// Calls a request by name that is answered by a stream. For tools that know no contract.
    pub fn stream_raw(&self, name: &str, body: Body) -> RawStream<'_> {
        RawStream::new(self, raw(name, body))
    }

    /// Subscribes to an event, or to all events of a contract. Await it for a stream.
    pub fn subscribe<E: Subscribe>(&self) -> Subscribing<E> {
        Subscribing::new(self.clone())
    }

    /// Sends an event to the server. Done when its handlers have it in their queues.
    ///
    /// # Errors
    /// `UNAVAILABLE` where the client is not connected; `CONTRACT_MISMATCH` where the server
    /// serves no contract that has the event.
    pub fn emit(&self, event: impl Publish) -> BoxFuture<'static, Result<(), Fault>> {
        let event = event.into_message().with_context(Context::for_event());
        let link = Arc::clone(&self.0.connected.link);
        Box::pin(async move { link.publish(&Arc::new(event)).done().await.map_err(Fault::of_call) })
    }

    /// Whether the client is connected now.
    pub fn status(&self) -> ClientStatus {
        *self.0.inbound.status.borrow()
    }

    /// The status as a value to watch.
    pub fn watch_status(&self) -> watch::Receiver<ClientStatus> {
        self.0.inbound.status.subscribe()
    }

    /// The status as a stream: the one it has now, then each change. Changes that follow each
    /// other faster than they are read are seen as one.
    pub fn status_changes(&self) -> impl Stream<Item = ClientStatus> + Send + Unpin + 'static {
        WatchStream::new(self.watch_status())
    }

    /// The id the server knows this client by.
    pub fn id(&self) -> &str {
        &self.0.connected.client_id
    }

    /// The server's id.
    pub fn server_id(&self) -> &str {
        &self.0.connected.server_id
    }

    /// Leaves the server: later calls answer `UNAVAILABLE`, subscriptions end with
    /// [`EndReason::ClientDisconnected`], for every clone. Idempotent.
    pub async fn disconnect(&self) {
        self.0.leave();
    }

    /// A generated client over this connection, if the server serves its contract in a compatible
    /// version.
    ///
    /// # Errors
    /// `CONTRACT_MISMATCH`, with both versions in the details.
    pub fn typed<C: Contract + From<Self>>(&self) -> Result<C, Fault> {
        check(&self.0.connected.contracts, C::DESCRIPTOR).map_err(Fault::of_call)?;
        Ok(C::from(self.clone()))
    }
}

impl Shared {
    fn leave(&self) {
        self.connected.link.close(EndReason::ClientDisconnected);
        self.inbound.close(EndReason::ClientDisconnected);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.leave();
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id())
            .field("server_id", &self.server_id())
            .field("status", &self.status())
            .finish()
    }
}

fn raw(name: &str, body: Body) -> Message {
    Message::new(Name::Text(Arc::new(name.to_owned())), Context::new(), body)
}

/// Two contracts of one name are compatible when the first numbers of their versions agree.
fn check(served: &[&ContractDescriptor], ours: &ContractDescriptor) -> Result<(), Fault> {
    let theirs = served.iter().find(|contract| contract.name == ours.name);
    let reason = match theirs {
        Some(theirs) if theirs.major() == ours.major() => return Ok(()),
        Some(theirs) => format!(
            "the server serves `{}` {}, this client speaks {}",
            ours.name, theirs.version, ours.version
        ),
        None => format!("the server does not serve the contract `{}`", ours.name),
    };
    Err(Fault::new(FaultKind::ContractMismatch, reason).with_details(serde_json::json!({
        "contract": ours.name,
        "client": ours.version,
        "server": theirs.map(|theirs| theirs.version),
    })))
}
