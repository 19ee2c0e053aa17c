//! A server about to be started.

use std::{any::type_name, future::ready, sync::Arc, time::Duration};

use futures_core::future::BoxFuture;
use mb_core::{
    Actor, Codec, Connected, CustomCodec, Endpoint, EndpointError, Hello, Host, IntoEndpoint,
    Limits, Link, Reply, Subscribe, Transport,
};
use uuid::Uuid;

use super::{
    Server, StartError,
    core::{Core, Settings},
    stop::Running,
};
use crate::{
    access::{Audit, Authorizer, Decision, Judge},
    dispatch::{DuplicateContract, ServedContract},
    login::Authenticator,
    middleware::{Layers, Middleware},
    subscription::{
        EventHandler, Hub, Overflow, QUEUE_CAPACITY, Received, Subscription, SubscriptionGuard,
    },
    transports::Transports,
};

/// How long an emitted event waits for a server's handler to have room for it.
const EMIT_WAIT: Duration = Duration::from_secs(30);

type AttachHandler = Box<dyn FnOnce(&Arc<Hub>) -> Result<SubscriptionGuard, StartError> + Send>;

/// A server about to be started. Made by [`Server::builder`].
#[must_use = "a server serves when it is started"]
pub struct ServerBuilder {
    id: Option<String>,
    served: Vec<ServedContract>,
    handlers: Vec<AttachHandler>,
    endpoints: Vec<Result<Endpoint, EndpointError>>,
    transports: Transports,
    max_clients: usize,
    codecs: Vec<Codec>,
    limits: Limits,
    authenticator: Option<Arc<dyn Authenticator>>,
    audit: Audit,
    judge: Judge,
    layers: Layers,
    drain: Duration,
}

impl Default for ServerBuilder {
    fn default() -> Self {
        Self {
            id: None,
            served: Vec::new(),
            handlers: Vec::new(),
            endpoints: Vec::new(),
            transports: Transports::default(),
            max_clients: 1000,
            codecs: Vec::new(),
            limits: Limits::default(),
            authenticator: None,
            audit: Audit::default(),
            judge: Judge::default(),
            layers: Layers::default(),
            drain: Duration::from_secs(30),
        }
    }
}

impl ServerBuilder {
    /// The server's id, for its clients and its log. A UUID where none is given.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Adds a contract and its service: `.serve(orders::serve(OrderService::new()))`.
    pub fn serve(mut self, contract: ServedContract) -> Self {
        self.served.push(contract);
        self
    }

    /// Handles an event that clients emit, or all events of a contract. Events are handled one
    /// after another; those emitted meanwhile wait in a queue of 256, and emitters wait up to 30 s
    /// for room in it.
    ///
    /// A handler that fails or panics is in the log, and the next event is handled all the same. An
    /// event that breaks a rule of its contract is in the log, and not handled.
    pub fn on<E, F, Fut>(mut self, handler: F) -> Self
    where
        E: Subscribe,
        F: Fn(Received<E>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Reply<()>> + Send + 'static,
    {
        self.handlers.push(Box::new(|hub| attach(hub, handler)));
        self
    }

    /// Adds a middleware around everything that passes through the server: requests it serves, events
    /// it announces, events that clients emit. Of several, the one added first is outermost; those of
    /// a [contract](ServedContract::middleware) are inside of them.
    pub fn middleware(mut self, middleware: impl Middleware) -> Self {
        self.layers.add(middleware);
        self
    }

    /// Adds an endpoint to listen on: `memory://orders`. May be called several times.
    pub fn bind(mut self, endpoint: impl IntoEndpoint) -> Self {
        self.endpoints.push(endpoint.into_endpoint());
        self
    }

    /// Adds a transport beside those of the features. It answers to its schemes before them.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transports.add(Arc::new(transport));
        self
    }

    /// How many clients may be connected at once: 1000 unless set. One more is refused with
    /// `UNAVAILABLE`.
    pub fn max_clients(mut self, clients: usize) -> Self {
        self.max_clients = clients;
        self
    }

    /// What each connection may cost: see [`Limits`].
    pub fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// Lets clients log in, and says who tells who they are. A client on a network that has not
    /// logged in within [`Limits::login`] is dismissed.
    pub fn authenticator(mut self, authenticator: impl Authenticator) -> Self {
        self.authenticator = Some(Arc::new(authenticator));
        self
    }

    /// Says who decides who may do what. The rules of the contracts do, unless set:
    /// [`ContractRules`](crate::access::ContractRules), to which others may be added by `and` and `or`. What is
    /// `public` is not asked about; nor are guards replaced. A second one takes the place of the first.
    pub fn authorizer(mut self, authorizer: impl Authorizer) -> Self {
        self.judge = Judge::new(authorizer);
        self
    }

    /// Is told of every decision by an access rule of a contract, or by the authorizer: of requests and events
    /// that clients send, of subscriptions, and of streams that end with what their reader may. Not of what is
    /// `public`, nor of each event that a client is not given. It is called in the task that serves
    /// the client, so it should be quick; a panic in it is in the log. Denials are in the log by
    /// themselves, with what is missing. A second hook takes the place of the first.
    pub fn audit(mut self, hook: impl Fn(&Decision<'_>) + Send + Sync + 'static) -> Self {
        self.audit = Audit::new(hook);
        self
    }

    /// Adds a codec beside JSON and MessagePack, for clients that ask for it.
    pub fn codec(mut self, codec: impl CustomCodec) -> Self {
        self.codecs.push(Codec::custom(codec));
        self
    }

    /// How long [`Server::stop`] waits for calls in flight before it cuts them off: 30 s unless
    /// set.
    pub fn drain(mut self, limit: Duration) -> Self {
        self.drain = limit;
        self
    }

    /// Starts the server on all its endpoints, or on none. Cancel safe: a dropped attempt leaves
    /// nothing behind. Handlers that outlive their callers run on the runtime this is called on.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(self) -> Result<Server, StartError> {
        let endpoints = self.endpoints.into_iter().collect::<Result<Vec<_>, _>>()?;
        let id = self.id.unwrap_or_else(|| Uuid::now_v7().to_string());
        let settings = Settings {
            id,
            max_clients: self.max_clients,
            codecs: Codec::BUILT_IN.iter().cloned().chain(self.codecs).collect(),
            limits: Arc::new(self.limits),
            authenticator: self.authenticator,
            actor: None,
            audit: Arc::new(self.audit),
            judge: self.judge,
        };
        let core = Core::new(settings, self.served, &self.layers)
            .map_err(|DuplicateContract(name)| StartError::DuplicateContract { name })?;
        let workers = self.handlers.into_iter().map(|attach| attach(&core.hub));
        let workers = workers.collect::<Result<_, _>>()?;
        // From here on an error drops it: endpoints are given up, clients that came in dismissed.
        let mut running = Running::new(core, workers, self.drain);
        for endpoint in &endpoints {
            let transport = self
                .transports
                .find(endpoint)
                .map_err(|error| StartError::NoTransport(error.to_string()))?;
            running.listen(transport.bind(endpoint, Arc::clone(running.core()) as _).await?);
        }
        Ok(Server(Arc::new(running)))
    }
}

/// A server with no endpoint, and its one client, on which this one is logged in.
pub(crate) fn in_process(
    contract: ServedContract,
    actor: Option<Actor>,
    back: Arc<dyn Link>,
) -> (Server, Connected) {
    let settings = Settings {
        id: "in-process".to_owned(),
        max_clients: 1,
        codecs: Codec::BUILT_IN.into(),
        limits: Arc::default(),
        authenticator: None,
        actor,
        audit: Arc::default(),
        judge: Judge::default(),
    };
    let core = Core::new(settings, vec![contract], &Layers::default());
    let core = core.unwrap_or_else(|DuplicateContract(name)| unreachable!("one `{name}`"));
    let connected = Arc::clone(&core).accept(Hello::default(), back);
    let connected = connected.expect("a server that has just been made takes its first client");
    let running = Running::new(core, Vec::new(), Duration::ZERO);
    (Server(Arc::new(running)), connected)
}

fn attach<E: Subscribe>(
    hub: &Arc<Hub>,
    handler: impl EventHandler<E>,
) -> Result<SubscriptionGuard, StartError> {
    // Whatever its sender has checked: not all senders are ours.
    let handler = move |event: Received<E>| {
        let violations = event.found_wrong();
        if violations.is_empty() {
            return handler.handle(event);
        }
        let name = type_name::<E>();
        tracing::warn!(event = name, error = %violations, "an event breaks a rule of its contract");
        Box::pin(ready(Ok(()))) as BoxFuture<'static, Reply<()>>
    };
    let (reader, registration) = hub.open(E::events(), QUEUE_CAPACITY, Overflow::Wait(EMIT_WAIT));
    SubscriptionGuard::spawn(Subscription::new(reader, registration), handler)
        .map_err(StartError::Handler)
}

impl std::fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerBuilder")
            .field("id", &self.id)
            .field("served", &self.served)
            .finish_non_exhaustive()
    }
}
