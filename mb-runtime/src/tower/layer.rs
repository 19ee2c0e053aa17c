//! Layers of tower as middleware.
//!
//! A layer is put around the rest of a chain once, not per message: its permits, budgets and breakers
//! live in the service that it makes. That service is asked whether it is ready before each call, one
//! message at a time, so that every layer works, also those whose services cannot be cloned.
//!
//! Once, that is, for each kind of message: a handler sends while it is at work, and what it sends must
//! not wait for a permit that the handler itself holds.

use std::{
    error::Error,
    fmt,
    task::{self, Poll},
};

use async_trait::async_trait;
use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use mb_core::{AnyError, Failure, Fault, FaultKind, Message};
use tokio::sync::Mutex;
use tower::{
    BoxError, Layer, Service, ServiceExt, buffer::error::Closed, load_shed::error::Overloaded,
    timeout::error::Elapsed,
};

use crate::middleware::{Handled, Kind, Middleware, Next, Outcome};

/// A message and the rest of its way: what layers of tower see as the request.
///
/// A clone is the same message once more, for layers that send it again; see [`Message::copy`].
#[derive(Debug)]
pub struct Passage {
    message: Message,
    next: Next,
}

impl Passage {
    fn new(message: Message, next: Next) -> Self {
        let mut passage = Self { message, next };
        passage.share();
        passage
    }

    /// A clone needs no more than `&self`: the body has many owners from here on.
    fn share(&mut self) {
        drop(self.message.copy());
    }

    /// What the layer is around, to look at.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// Changes the message before it goes on.
    pub fn change(&mut self, change: impl FnOnce(&mut Message)) {
        change(&mut self.message);
        self.share();
    }

    /// Where the message is: being sent or served, being announced or received.
    pub fn kind(&self) -> Kind {
        self.next.kind()
    }
}

impl Clone for Passage {
    fn clone(&self) -> Self {
        let (name, context) = (self.message.name().clone(), self.message.context().clone());
        let Some(body) = self.message.body().share() else {
            unreachable!("the body has many owners since it came here")
        };
        let message = Message::new(name, context, body);
        Self { message, next: self.next.clone() }
    }
}

/// The rest of a chain, as the service inside of a layer. It is always ready.
#[derive(Debug, Clone, Copy)]
pub struct Rest(());

impl Service<Passage> for Rest {
    type Response = Outcome;
    type Error = Failure<AnyError>;
    type Future = BoxFuture<'static, Handled>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, Passage { message, next }: Passage) -> Self::Future {
        next.run(message).boxed()
    }
}

type MapError = dyn Fn(BoxError) -> Result<Failure<AnyError>, BoxError> + Send + Sync;

/// A layer of tower as a middleware. Made by [`layer`].
#[must_use = "it does nothing until a server or a client is given it"]
pub struct Layered<S> {
    sent: Mutex<S>,
    served: Mutex<S>,
    announced: Mutex<S>,
    received: Mutex<S>,
    map_error: Option<Box<MapError>>,
}

/// Any layer of tower as a middleware, or several in one: what `tower::ServiceBuilder` makes is a
/// layer, too.
///
/// What it keeps, such as permits and budgets, is shared by all messages of one [`Kind`] that pass:
/// events that a handler announces do not wait for the permit of the request that it handles.
/// Messages wait for the layer to be ready in the order in which they came.
///
/// A failure of what is inside comes out unchanged. A layer's own errors become faults: `TIMEOUT`
/// where the time was over; `UNAVAILABLE`, retryable, where a layer takes no more load, or its worker
/// is gone; `INTERNAL_SERVER_ERROR` for errors that it does not know, unless
/// [`map_error`](Layered::map_error) does.
///
/// A reply that is a stream is done, as far as a layer can see, when it begins.
///
/// Layers that start a task, such as tower's `Buffer`, need a tokio runtime here.
///
/// ```
/// # use std::time::Duration;
/// use mb_runtime::{Server, tower};
///
/// let limits = ::tower::ServiceBuilder::new()
///     .load_shed()
///     .timeout(Duration::from_secs(2));
/// let server = Server::builder().middleware(tower::layer(limits));
/// # let _ = server;
/// ```
pub fn layer<L>(layer: L) -> Layered<L::Service>
where
    L: Layer<Rest>,
    L::Service: Service<Passage, Response = Outcome>,
{
    let service = || Mutex::new(layer.layer(Rest(())));
    let (sent, served, announced, received) = (service(), service(), service(), service());
    Layered { sent, served, announced, received, map_error: None }
}

impl<S> Layered<S> {
    /// What becomes of errors that only this layer has: the failure that it stands for, or the error
    /// again where it is none of them.
    pub fn map_error(
        mut self,
        map: impl Fn(BoxError) -> Result<Failure<AnyError>, BoxError> + Send + Sync + 'static,
    ) -> Self {
        self.map_error = Some(Box::new(map));
        self
    }

    fn service(&self, kind: Kind) -> &Mutex<S> {
        match kind {
            Kind::Client => &self.sent,
            Kind::Server => &self.served,
            Kind::Producer => &self.announced,
            Kind::Consumer => &self.received,
        }
    }

    fn failure(&self, error: BoxError) -> Failure<AnyError> {
        let error = match &self.map_error {
            Some(map) => match map(error) {
                Ok(failure) => return failure,
                Err(error) => error,
            },
            None => error,
        };
        match error.downcast::<Failure<AnyError>>() {
            Ok(failure) => *failure,
            Err(error) => known(&*error).unwrap_or_else(|| Fault::internal(error).into()),
        }
    }
}

#[async_trait]
impl<S> Middleware for Layered<S>
where
    S: Service<Passage, Response = Outcome> + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    async fn handle(&self, message: Message, next: Next) -> Handled {
        let service = self.service(next.kind());
        let passage = Passage::new(message, next);
        let calling = {
            // Held until the service is ready: the next message could not go before this one anyway.
            let mut service = service.lock().await;
            let ready = service.ready().await.map_err(|error| self.failure(error.into()))?;
            ready.call(passage)
        };
        calling.await.map_err(|error| self.failure(error.into()))
    }
}

impl<S> fmt::Debug for Layered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Layered({})", std::any::type_name::<S>())
    }
}

/// The failure that an error of tower stands for, or that a layer has put into an error of its own.
fn known(error: &(dyn Error + 'static)) -> Option<Failure<AnyError>> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<Elapsed>() {
            return Some(Fault::new(FaultKind::Timeout, "no answer in time").into());
        }
        if error.is::<Overloaded>() {
            return Some(Fault::unavailable("too much to do: try again later").into());
        }
        if error.is::<Closed>() {
            return Some(Fault::unavailable("what passes messages on has stopped").into());
        }
        if let Some(failure) = error.downcast_ref::<Failure<AnyError>>() {
            return Some(match failure {
                Failure::Fault(fault) => fault.clone().into(),
                Failure::Declared(error) => Failure::Declared(error.to_wire().into()),
            });
        }
        if let Some(fault) = error.downcast_ref::<Fault>() {
            return Some(fault.clone().into());
        }
        cause = error.source();
    }
    None
}
