//! The calling side: one connection, any number of typed clients over it.

mod builder;
mod call;
mod dial;
mod durable;
mod inbound;
mod layered;
mod line;
mod logins;
mod outgoing;
mod reconnect;
mod renewal;
mod status;
mod stream;
mod subscribing;
mod weak;

use std::{fmt, future::ready, sync::Arc, time::Duration};

use futures_core::{Stream, future::BoxFuture};
use futures_util::stream::unfold;
use mb_core::{
    Actor, AnyRequest, Body, Connected, Context, Contract, ContractVersion, EndReason, Fault,
    IntoEndpoint, Link, Linked, Message, Name, Publish, Request, Resolve, Subscribe,
};
use tokio::sync::watch;
use tokio_stream::{
    StreamExt,
    wrappers::{BroadcastStream, WatchStream},
};

pub use builder::ClientBuilder;
pub use call::{Call, RawCall};
pub use durable::{DurableGuard, DurableSubscribing};
pub use inbound::Announcement;
pub use reconnect::Reconnect;
pub use status::ClientStatus;
pub use stream::{RawStream, StreamCall};
pub use subscribing::Subscribing;

use self::{inbound::Inbound, line::Line, logins::Logins, renewal::Renewal};
use crate::{
    dispatch::ServedContract,
    login::{Credentials, LoggedIn},
};

/// A connection to a server. Clones share it; the last one dropped closes it.
///
/// It knows no contract: make any number of generated clients over it,
/// `client.typed::<orders::Client>()?`, which share the connection.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    link: Arc<dyn Link>,
    inbound: Arc<Inbound>,
    /// The id the server knows it by.
    id: String,
    server: Server,
    timeout: Option<Duration>,
    /// Whether replies are held to the rules of their contract.
    checks_replies: bool,
    logins: Arc<Logins>,
    /// Whether the last handle that is dropped leaves the server.
    leaves: bool,
}

/// What a client knows of its server.
enum Server {
    /// The one behind the present connection, or the last.
    Line(Arc<Line>),
    /// One connection that its engine looks after.
    Linked(Connected),
    /// The other side of a connection that is not this client's own.
    Peer(String),
    /// One of its own, which lives as long as the client.
    Own(Connected, #[expect(dead_code, reason = "kept alive")] crate::server::Server),
}

impl Server {
    fn connected(&self) -> Option<Connected> {
        match self {
            Self::Line(line) => line.connected(),
            Self::Linked(connected) | Self::Own(connected, _) => Some(connected.clone()),
            Self::Peer(_) => None,
        }
    }
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
    /// The service's broadcasts reach this client; nothing else can connect. Nobody is logged in: of a
    /// contract with access rules it may do what is `public`; see [`in_process_as`](Self::in_process_as).
    pub fn in_process(contract: ServedContract) -> Self {
        builder::in_process(contract, None)
    }

    /// The same, with somebody logged in from the beginning: for tests of what they may do. They are
    /// until [`logout`](Self::logout); there is no other login.
    pub fn in_process_as(contract: ServedContract, actor: Actor) -> Self {
        builder::in_process(contract, Some(actor))
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
        match checked(&request) {
            Ok(()) => RawCall::new(self, request.into_message()),
            Err(fault) => RawCall::refused(self, fault),
        }
    }

    /// Sends any request of a contract that is answered by a stream. Generated clients have this
    /// as `send_streamed`.
    pub fn send_streamed<E: Resolve>(&self, request: impl AnyRequest) -> RawStream<'_, E> {
        match checked(&request) {
            Ok(()) => RawStream::new(self, request.into_message()),
            Err(fault) => RawStream::refused(self, fault),
        }
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
    /// serves no contract that has the event; `VALIDATION_FAILED` where the event breaks a rule of
    /// its contract.
    pub fn emit(&self, event: impl Publish) -> BoxFuture<'static, Result<(), Fault>> {
        let event = match event.into_checked_message() {
            Ok(event) => event.with_context(Context::for_event()),
            Err(fault) => return Box::pin(ready(Err(fault))),
        };
        let link = Arc::clone(&self.0.link);
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
    /// other faster than they are read are seen as one. It ends after a status that is the last.
    pub fn status_changes(&self) -> impl Stream<Item = ClientStatus> + Send + Unpin + 'static {
        let changes = Some(WatchStream::new(self.watch_status()));
        Box::pin(unfold(changes, |changes| async {
            let mut changes = changes?;
            let status = changes.next().await?;
            Some((status, (!status.is_final()).then_some(changes)))
        }))
    }

    /// What goes wrong with things that nobody waits for an answer to: attempts to reconnect, events
    /// that the server does not take, frames that it cannot read. Of 64 errors that are not read,
    /// the oldest are dropped.
    pub fn errors(&self) -> impl Stream<Item = Fault> + Send + Unpin + 'static {
        BroadcastStream::new(self.0.inbound.errors.subscribe()).filter_map(Result::ok)
    }

    /// What the server says to all of its clients, outside of any contract. Of 64 that are not read,
    /// the oldest are dropped.
    pub fn announcements(&self) -> impl Stream<Item = Announcement> + Send + Unpin + 'static {
        BroadcastStream::new(self.0.inbound.announcements.subscribe()).filter_map(Result::ok)
    }

    /// The id the server knows this client by.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The server's id. After a reconnect it may be another; `None` before a lazily made client has
    /// connected for the first time.
    pub fn server_id(&self) -> Option<String> {
        match &self.0.server {
            Server::Peer(id) => Some(id.clone()),
            server => server.connected().map(|connected| connected.server_id),
        }
    }

    /// Logs in. On every connection to come the client logs in again by itself: with these, or with
    /// the token that the server has handed out for a password, as long as that is good. Subscriptions
    /// that the server had refused are asked for again. Of several logins, and a [logout](Self::logout),
    /// the one that was begun last is what holds.
    ///
    /// Dropped, or with no answer in time ([`Fault::may_have_run`]), it may have been made all the same:
    /// log in again, or out.
    ///
    /// # Errors
    /// Codes `INVALID_CREDENTIALS`, `INVALID_TOKEN` and `TOKEN_EXPIRED`, as the server has it;
    /// `RATE_LIMIT_EXCEEDED`, with how long to wait, where too many logins have failed;
    /// `FORBIDDEN`, retryable, where somebody else is logged in under this client's [id](Self::id);
    /// `UNAVAILABLE` where the client is not connected, or the server cannot tell now.
    pub async fn login(&self, credentials: Credentials) -> Result<LoggedIn, Fault> {
        let Shared { logins, link, server, .. } = &*self.0;
        let logged_in = logins.log_in_with(&**link, credentials).await.map_err(Fault::of_call)?;
        if let Server::Line(line) = server {
            line.subscribe_refused().await;
        }
        Ok(logged_in)
    }

    /// Logs out, here and for the connections to come, also for one that is being made; and with it
    /// everybody who is logged in to this server with the same token.
    ///
    /// # Errors
    /// `UNAVAILABLE` where the client is not connected: the connections to come log in no more all
    /// the same. What the server was not told, it does not do: its token is good until it ends.
    pub async fn logout(&self) -> Result<(), Fault> {
        self.0.logins.log_out(&*self.0.link).await.map_err(Fault::of_call)
    }

    /// Who the client is logged in as, as the server has said last; nobody once that is over.
    pub fn logged_in(&self) -> Option<LoggedIn> {
        self.0.logins.now()
    }

    /// Leaves the server: later calls answer `UNAVAILABLE`, subscriptions end with
    /// [`EndReason::ClientDisconnected`], for every clone. Idempotent. A client that a server got
    /// from [`Caller::client`](crate::Caller::client) dismisses that caller.
    pub async fn disconnect(&self) {
        self.0.leave();
    }

    /// A generated client over this connection, if the server serves its contract in a compatible
    /// version. A server that does not say what it serves is taken at its word when it answers.
    ///
    /// # Errors
    /// `CONTRACT_MISMATCH`, with both versions in the details.
    pub fn typed<C: Contract + From<Self>>(&self) -> Result<C, Fault> {
        let contracts = self.0.server.connected().and_then(|connected| connected.contracts);
        if let Some(served) = contracts {
            ContractVersion::of(C::DESCRIPTOR).check("server", &served).map_err(Fault::of_call)?;
        }
        Ok(C::from(self.clone()))
    }

    /// The way to the server, behind the client's middleware.
    #[cfg(feature = "tower")]
    pub(crate) fn link(&self) -> &dyn Link {
        &*self.0.link
    }

    /// A client over a link that somebody else looks after.
    #[doc(hidden)]
    pub fn over(linked: Linked<'_>) -> Self {
        let Linked { link, peer } = linked;
        Self(Arc::new(Shared {
            timeout: outgoing::default_timeout(&*link),
            link,
            inbound: Inbound::empty(),
            id: peer.connection_id.clone(),
            server: Server::Peer(peer.client_id.clone()),
            checks_replies: false,
            logins: Arc::default(),
            leaves: false,
        }))
    }
}

impl Shared {
    fn renewal(&self) -> Renewal {
        Renewal {
            logins: Arc::clone(&self.logins),
            link: Arc::downgrade(&self.link),
            line: match &self.server {
                Server::Line(line) => Some(Arc::downgrade(line)),
                _ => None,
            },
            inbound: Arc::clone(&self.inbound),
        }
    }

    fn leave(&self) {
        self.link.close(EndReason::ClientDisconnected);
        self.inbound.close(EndReason::ClientDisconnected);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if self.leaves {
            self.leave();
        }
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

/// Whether any request of a contract may be sent, by its rules.
fn checked(request: &impl AnyRequest) -> Result<(), Fault> {
    request.violations().check_payload(request.descriptor().full_name)
}

fn raw(name: &str, body: Body) -> Message {
    Message::new(Name::text(name), Context::new(), body)
}
