//! From a message to the handler that serves it, and from what the handler says to an answer.
//!
//! What is generated per request is one closure; everything else here is shared by all of them.
//! A handler runs in whichever task polls the call: in process that is the caller's own.

mod behind;
mod detached;
mod gate;
mod guard;
mod items;
mod net;
mod routes;
mod run;
mod seal;
mod station;
mod timed;

use std::{future::Future, sync::Arc};

use futures_core::future::BoxFuture;
use mb_core::{
    Answer, Calling, ContractDescriptor, DecodeError, Event, Fault, FaultKind, Message, Request,
    RequestDescriptor, Streaming, Violations, refused_stream,
};

pub(crate) use behind::{another, published};
pub(crate) use detached::Detached;
pub(crate) use gate::Gate;
pub use guard::guarded;
pub use items::Items;
pub(crate) use net::Net;
pub(crate) use routes::{DuplicateContract, Routes, ServedEvent};
pub use run::Run;
pub(crate) use seal::{panicked, report, seal};
use station::{Held, Post, Way};
pub(crate) use station::{Service, drain, left};

use crate::{
    access::{Audit, Rule},
    middleware::{Chain, Layers, Middleware},
};

/// A contract with the service that implements it: what the generated `serve` returns and
/// [`Server::builder().serve(..)`](crate::ServerBuilder::serve) takes.
#[must_use = "it is served by a server that is given it"]
pub struct ServedContract {
    descriptor: &'static ContractDescriptor,
    layers: Layers,
    open: Box<Open>,
}

/// Puts a service in place: behind this gate, with or without a chain before it.
type Open = dyn FnOnce(Arc<Gate>, bool, Arc<Audit>) -> Opened + Send;

/// A service, and the routes to it.
type Opened = (Service, Vec<Route>);

/// One request and its handler.
pub(crate) struct Route {
    pub(crate) descriptor: &'static RequestDescriptor,
    pub(crate) handler: Handler,
    /// Who may, where not everybody may.
    pub(crate) rule: Option<Rule>,
}

pub(crate) enum Handler {
    Unary(Box<dyn Fn(Message) -> Calling + Send + Sync>),
    Streamed(Box<dyn Fn(Message) -> Streaming + Send + Sync>),
}

/// Collects the handlers of one contract. Generated code is its only user.
pub struct Handlers<S> {
    way: Way<S>,
    routes: Vec<Route>,
}

impl ServedContract {
    /// A contract whose requests `service` answers, by `handlers`. Generated code is its only user.
    #[doc(hidden)]
    pub fn new<S: Send + Sync + 'static>(
        descriptor: &'static ContractDescriptor,
        service: S,
        handlers: fn(Handlers<S>) -> Handlers<S>,
    ) -> Self {
        let open = Box::new(move |gate, behind, audit| {
            let (service, way) = Post { service, gate, behind, audit }.take();
            (service, handlers(Handlers { way, routes: Vec::new() }).routes)
        });
        Self { descriptor, layers: Layers::default(), open }
    }

    /// Adds a middleware around every request of this contract, and every event of it that clients
    /// emit or the server announces. Those of the whole server are outside of it; of several, the
    /// one added first is outermost.
    pub fn middleware(mut self, middleware: impl Middleware) -> Self {
        self.layers.add(middleware);
        self
    }

    /// Adds a middleware around one request. Those of the contract are outside of it.
    pub fn middleware_for_request<R: Request>(mut self, middleware: impl Middleware) -> Self {
        self.layers.add_for(R::DESCRIPTOR.full_name, middleware);
        self
    }

    /// Adds a middleware around one event. Those of the contract are outside of it.
    pub fn middleware_for_event<E: Event>(mut self, middleware: impl Middleware) -> Self {
        self.layers.add_for(E::DESCRIPTOR.full_name, middleware);
        self
    }

    pub(crate) fn descriptor(&self) -> &'static ContractDescriptor {
        self.descriptor
    }

    /// The service and its handlers, each behind its chain, which is let in through `gate`. Those of
    /// `around` are outside of the contract's own.
    fn open(self, gate: &Arc<Gate>, around: &Layers, audit: &Arc<Audit>) -> Opened {
        let Self { layers, open, .. } = self;
        let is_behind = !around.is_empty() || !layers.is_empty();
        let (service, mut routes) = open(Arc::clone(gate), is_behind, Arc::clone(audit));
        if is_behind {
            routes = routes
                .into_iter()
                .map(|Route { descriptor, handler, rule }| {
                    let chain = chain(around, &layers, descriptor.full_name);
                    let handler = behind::behind(chain, gate, descriptor, handler);
                    Route { descriptor, handler, rule }
                })
                .collect();
        }
        (service, routes)
    }
}

impl<S: Send + Sync + 'static> Handlers<S> {
    /// Adds a request that is answered once.
    #[must_use]
    pub fn unary<R, F, Fut>(self, handle: F) -> Self
    where
        R: Request,
        F: Fn(Run<S, R>, Box<R>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        let way = self.way.clone();
        let handler = move |request: Message| match arrive::<S, R>(way.once(), request) {
            Ok((run, request)) if R::DESCRIPTOR.detached => {
                // It runs to its end, whoever has stopped waiting for it.
                let (run, runtime) = run.detached();
                Detached::calling(Box::pin(handle(run, request)), runtime)
            }
            Ok((run, request)) if let Some(limit) = R::DESCRIPTOR.timeout => {
                let (run, end) = run.timed(limit);
                timed::calling(Box::pin(handle(run, request)), end, R::DESCRIPTOR)
            }
            Ok((run, request)) => {
                let running: BoxFuture<'static, Answer> = Box::pin(handle(run, request));
                running.into()
            }
            Err(fault) => Calling::refused(fault),
        };
        self.add::<R>(Handler::Unary(Box::new(handler)))
    }

    /// Adds a request that is answered by a stream: `handle` forwards it into the items.
    #[must_use]
    pub fn streamed<R, F, Fut>(self, handle: F) -> Self
    where
        R: Request,
        F: Fn(Run<S, R>, Box<R>, Items) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let way = self.way.clone();
        let handler = move |request: Message| match arrive::<S, R>(way.many(), request) {
            Ok((run, request)) => items::stream(|items| handle(run, request, items)),
            Err(fault) => refused_stream(fault),
        };
        self.add::<R>(Handler::Streamed(Box::new(handler)))
    }

    fn add<R: Request>(mut self, handler: Handler) -> Self {
        self.routes.push(Route { descriptor: R::DESCRIPTOR, handler, rule: None });
        self
    }
}

/// What a message of this full name goes through.
fn chain(around: &Layers, layers: &Layers, name: &str) -> Chain {
    around.of(name).chain(layers.of(name)).cloned().collect()
}

/// A request as its handler takes it, and what that needs to run.
#[inline]
fn arrive<S, R: Request>(
    held: Result<Held<S>, Fault>,
    request: Message,
) -> Result<(Run<S, R>, Box<R>), Fault> {
    let held = held?;
    let (_, context, body) = request.into_parts();
    let request: Box<R> = body.decode_boxed().map_err(|error| misshapen(R::DESCRIPTOR, error))?;
    // Whatever its sender has checked: not all senders are ours.
    if let Some(rules) = R::RULES {
        rules(&request).check_payload(R::DESCRIPTOR.full_name)?;
    }
    Ok((Run::new(held, context), request))
}

/// The payload is not what the contract says: names the field, in wire names.
fn misshapen(request: &RequestDescriptor, error: DecodeError) -> Fault {
    let what = format!("the payload of {} is not as declared", request.full_name);
    Violations::from(request.of_payload(error)).into_fault(FaultKind::ValidationFailed, &what)
}

impl std::fmt::Debug for ServedContract {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ServedContract({})", self.descriptor.name)
    }
}
