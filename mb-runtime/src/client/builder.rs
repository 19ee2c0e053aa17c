//! A client about to connect.

use std::{future::Future, sync::Arc, time::Duration};

use mb_core::{
    Actor, Codec, Contract, ContractVersion, CustomCodec, Endpoint, EndpointError, Event, Fault,
    FaultKind, Hello, IntoEndpoint, Limits, Link, Request, Transport,
};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Client, ClientStatus, Reconnect, Server, Shared,
    dial::Dialer,
    inbound::Inbound,
    layered::Layered,
    line::{Line, LineLink},
    logins::Logins,
    outgoing::default_timeout,
};
use crate::{
    dispatch::{DuplicateContract, ServedContract},
    login::Credentials,
    middleware::{Layers, Middleware},
    server,
    transports::Transports,
};

/// A client about to connect. Made by [`Client::builder`].
#[must_use = "a client is there when it is connected"]
#[derive(Default)]
pub struct ClientBuilder {
    hello: Hello,
    timeout: Option<Duration>,
    checks_replies: bool,
    transports: Transports,
    fallbacks: Vec<Result<Endpoint, EndpointError>>,
    served: Vec<ServedContract>,
    codecs: Vec<Codec>,
    limits: Limits,
    reconnect: Reconnect,
    logins: Logins,
    layers: Layers,
    /// Whether somebody provides what a login is renewed with.
    renews: bool,
}

impl ClientBuilder {
    /// The id the client wants to be known by; the server makes one where there is none.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.hello.client_id = Some(id.into());
        self
    }

    /// What kind of client it is: `web`, `service`.
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.hello.kind = kind.into();
        self
    }

    /// Adds something the client can do.
    pub fn capability(mut self, capability: impl Into<String>) -> Self {
        self.hello.capabilities.push(capability.into());
        self
    }

    /// Adds something else the server may want to know.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.hello.metadata.insert(key.into(), value.into());
        self
    }

    /// How long every call may take, unless the call or the contract says otherwise; streams have no such limit. 30 s
    /// where a network lies between; in process there is no limit unless one is set: a timer per
    /// call is not free.
    pub fn request_timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Holds replies, and the items of streams, to the rules of their contract, where their types
    /// have any: one that breaks them is `CONTRACT_MISMATCH`. Servers are trusted with what they
    /// answer unless this is asked for; whether it is as declared is always checked.
    pub fn check_replies(mut self) -> Self {
        self.checks_replies = true;
        self
    }

    /// Adds a contract that the client serves, for its server to call:
    /// `.serve(ui::serve(Screen::new()))`.
    pub fn serve(mut self, contract: ServedContract) -> Self {
        self.hello.serves.push(ContractVersion::of(contract.descriptor()));
        self.served.push(contract);
        self
    }

    /// Adds a contract that the client is going to call: a server that does not serve it in a
    /// compatible version is refused when it is connected to, also after a reconnect.
    pub fn speaks<C: Contract>(mut self) -> Self {
        self.hello.speaks.push(ContractVersion::of(C::DESCRIPTOR));
        self
    }

    /// Another endpoint of the same service, for when the ones before it cannot be reached. They
    /// are tried in turn.
    pub fn fallback(mut self, endpoint: impl IntoEndpoint) -> Self {
        self.fallbacks.push(endpoint.into_endpoint());
        self
    }

    /// Logs in with these on every connection, before anything else is sent. See also
    /// [`Client::login`].
    pub fn login(mut self, credentials: Credentials) -> Self {
        self.logins = Logins::with(credentials);
        self
    }

    /// Logs in with what this provides: on every connection, before anything else is sent, and again
    /// before the login ends by itself, a minute ahead, or when four fifths of its time are over. Streams
    /// and subscriptions go on. So it provides what is good now, a token that is renewed meanwhile, say.
    ///
    /// What it fails with is told to [`Client::errors`], and it is asked again: after a second at first,
    /// then each time after twice as long, 30 s at most; or on the next attempt to connect. It has the
    /// time that connecting may take ([`Limits::handshake`]). Ahead of time it is asked in a task on the
    /// runtime that the client was connected on; without one, it is not.
    ///
    /// [`Client::login`] and [`Client::logout`] end this.
    pub fn login_with<F, Fut>(mut self, provide: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Credentials, Fault>> + Send + 'static,
    {
        self.logins = Logins::by(provide);
        self.renews = true;
        self
    }

    /// Adds a middleware around everything that passes through the client: its calls, the events it
    /// emits and receives, and the requests it serves. Of several, the one added first is outermost.
    pub fn middleware(mut self, middleware: impl Middleware) -> Self {
        self.layers.add(middleware);
        self
    }

    /// Adds a middleware around one request. Those for all messages are outside of it.
    pub fn middleware_for_request<R: Request>(mut self, middleware: impl Middleware) -> Self {
        self.layers.add_for(R::DESCRIPTOR.full_name, middleware);
        self
    }

    /// Adds a middleware around one event. Those for all messages are outside of it.
    pub fn middleware_for_event<E: Event>(mut self, middleware: impl Middleware) -> Self {
        self.layers.add_for(E::DESCRIPTOR.full_name, middleware);
        self
    }

    /// How a lost connection is made again: see [`Reconnect`].
    pub fn reconnect(mut self, reconnect: Reconnect) -> Self {
        self.reconnect = reconnect;
        self
    }

    /// What the connection may cost: see [`Limits`].
    pub fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// Adds a codec beside JSON and MessagePack, for `?codec=` to name.
    pub fn codec(mut self, codec: impl CustomCodec) -> Self {
        self.codecs.push(Codec::custom(codec));
        self
    }

    /// Adds a transport beside those of the features. It answers to its schemes before them.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transports.add(Arc::new(transport));
        self
    }

    /// Connects. Cancel safe: a dropped attempt leaves nothing behind.
    ///
    /// # Errors
    /// `UNAVAILABLE` where nobody serves the endpoint or the server takes no more clients;
    /// `CONTRACT_MISMATCH` where the server does not serve what the client [speaks](Self::speaks);
    /// what [`Client::login`] may fail with, where the client logs in;
    /// `VALIDATION_FAILED` where the connection string is wrong.
    pub async fn connect(self, endpoint: impl IntoEndpoint) -> Result<Client, Fault> {
        let (timeout, checks_replies, renews) = (self.timeout, self.checks_replies, self.renews);
        let (reconnect, layers) = (self.reconnect.clone(), self.layers.clone());
        let (dialer, inbound) = self.dialer(endpoint.into_endpoint(), ClientStatus::Connecting)?;
        let logins = Arc::clone(&dialer.logins);
        // It may start as soon as the server knows it: not before it is known here.
        let (connected, line) =
            Line::connect(dialer, reconnect, Arc::clone(&inbound)).await.map_err(Fault::of_call)?;
        let id = connected.client_id.clone();
        let client = match line {
            Some(line) => client(id, inbound, (timeout, checks_replies), layers, line, logins),
            None => {
                let link =
                    Layered::over(Arc::clone(&connected.link), layers, Arc::clone(&inbound.gate));
                let server = Server::Linked(connected);
                Client(Arc::new(Shared {
                    link,
                    inbound,
                    id,
                    server,
                    timeout,
                    checks_replies,
                    logins,
                    leaves: true,
                }))
            }
        };
        if renews {
            client.0.renewal().start();
        }
        Ok(client)
    }

    /// A client that is there at once, and connects by itself, for as long as that takes. Until it
    /// has, its status is [`ClientStatus::Connecting`], idempotent requests wait, and others
    /// answer `UNAVAILABLE`.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` where the connection string is wrong; `UNAVAILABLE` outside a tokio
    /// runtime.
    pub fn connect_lazily(self, endpoint: impl IntoEndpoint) -> Result<Client, Fault> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Fault::no_runtime("connecting").of_call());
        }
        let (timeout, checks_replies, renews) = (self.timeout, self.checks_replies, self.renews);
        let (reconnect, layers) = (self.reconnect.clone(), self.layers.clone());
        let (dialer, inbound) = self.dialer(endpoint.into_endpoint(), ClientStatus::Connecting)?;
        let (id, logins) = (dialer.id.clone(), Arc::clone(&dialer.logins));
        let line = Line::connect_lazily(dialer, reconnect, Arc::clone(&inbound));
        let client = client(id, inbound, (timeout, checks_replies), layers, line, logins);
        if renews {
            client.0.renewal().start();
        }
        Ok(client)
    }

    fn dialer(
        self,
        endpoint: Result<Endpoint, EndpointError>,
        status: ClientStatus,
    ) -> Result<(Dialer, Arc<Inbound>), Fault> {
        let refuse = |reason: String| Fault::new(FaultKind::ValidationFailed, reason).of_call();
        let mut targets = Vec::new();
        for endpoint in std::iter::once(endpoint).chain(self.fallbacks) {
            let endpoint = endpoint.map_err(|error| refuse(error.to_string()))?;
            let transport =
                self.transports.find(&endpoint).map_err(|error| refuse(error.to_string()))?;
            targets.push((endpoint, Arc::clone(transport)));
        }
        let inbound = Inbound::new(status, self.served, self.layers);
        let inbound = inbound.map_err(|DuplicateContract(name)| {
            refuse(format!("two contracts that the client serves are called `{name}`"))
        })?;
        // An id that stays the same over all of the client's connections.
        let id = self.hello.client_id.clone();
        let id = id.unwrap_or_else(|| format!("client-{}", Uuid::now_v7()));
        let codecs = Codec::BUILT_IN.iter().cloned().chain(self.codecs).collect();
        let limits = Arc::new(self.limits);
        let logins = Arc::new(self.logins);
        Ok((Dialer { targets, hello: self.hello, id, codecs, limits, logins }, inbound))
    }
}

/// A client of a server that nobody else can reach, and that lives as long as the client.
pub(super) fn in_process(contract: ServedContract, actor: Option<Actor>) -> Client {
    let inbound = Inbound::empty();
    let (server, connected) =
        server::in_process(contract, actor, Arc::clone(&inbound) as Arc<dyn Link>);
    let (link, id) = (Arc::clone(&connected.link), connected.client_id.clone());
    let server = Server::Own(connected, server);
    let logins = Arc::default();
    Client(Arc::new(Shared {
        link,
        inbound,
        id,
        server,
        timeout: None,
        checks_replies: false,
        logins,
        leaves: true,
    }))
}

fn client(
    id: String,
    inbound: Arc<Inbound>,
    (timeout, checks_replies): (Option<Duration>, bool),
    layers: Layers,
    line: Arc<Line>,
    logins: Arc<Logins>,
) -> Client {
    let link: Arc<dyn Link> = Arc::new(LineLink(Arc::clone(&line)));
    let timeout = timeout.or_else(|| default_timeout(&*link));
    let link = Layered::over(link, layers, Arc::clone(&inbound.gate));
    let server = Server::Line(line);
    let leaves = true;
    Client(Arc::new(Shared { link, inbound, id, server, timeout, checks_replies, logins, leaves }))
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientBuilder").field("hello", &self.hello).finish_non_exhaustive()
    }
}
