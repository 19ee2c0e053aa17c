//! From a message to the handler that serves it, and from what the handler says to an answer.
//!
//! What is generated per request is one closure; everything else here is shared by all of them.
//! A handler runs in whichever task polls the call: in process that is the caller's own.

mod detached;
mod gate;
mod items;
mod routes;
mod run;
mod seal;

use std::{future::Future, sync::Arc};

use futures_core::future::BoxFuture;
use mb_core::{
    Answer, Body, Calling, Context, ContractDescriptor, DecodeError, Fault, FaultKind, Request,
    RequestDescriptor, Streaming,
};

use detached::Detached;
pub(crate) use gate::{Gate, stopped};
pub use items::Items;
pub(crate) use items::refused as refused_stream;
pub(crate) use routes::{DuplicateContract, Routes};
pub use run::Run;
use run::Station;
pub(crate) use seal::{panic_text, report};

/// A contract with the service that implements it: what the generated `serve` returns and
/// [`Server::builder().serve(..)`](crate::ServerBuilder::serve) takes.
pub struct ServedContract {
    descriptor: &'static ContractDescriptor,
    open: Box<dyn FnOnce(Arc<Gate>) -> Vec<Route> + Send>,
}

/// One request and its handler.
pub(crate) struct Route {
    pub(crate) descriptor: &'static RequestDescriptor,
    pub(crate) handler: Handler,
}

pub(crate) enum Handler {
    Unary(Box<dyn Fn(Context, Body) -> Calling + Send + Sync>),
    Streamed(Box<dyn Fn(Context, Body) -> Streaming + Send + Sync>),
}

/// Collects the handlers of one contract. Generated code is its only user.
pub struct Handlers<S> {
    station: Arc<Station<S>>,
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
        let open = Box::new(move |gate| {
            let station = Arc::new(Station { service, gate });
            handlers(Handlers { station, routes: Vec::new() }).routes
        });
        Self { descriptor, open }
    }

    pub(crate) fn descriptor(&self) -> &'static ContractDescriptor {
        self.descriptor
    }

    /// The handlers, each of which lets its calls in through `gate`.
    fn open(self, gate: &Arc<Gate>) -> Vec<Route> {
        (self.open)(Arc::clone(gate))
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
        let station = Arc::clone(&self.station);
        let handler = move |context: Context, body: Body| match body.decode_boxed::<R>() {
            Ok(request) if R::DESCRIPTOR.detached => {
                // It runs to its end, whoever has stopped waiting for it.
                let run = Run::new(Arc::clone(&station), context.without_deadline());
                Detached::calling(Box::pin(handle(run, request)), station.gate.runtime())
            }
            Ok(request) => {
                let run = Run::new(Arc::clone(&station), context);
                let running: BoxFuture<'static, Answer> = Box::pin(handle(run, request));
                running.into()
            }
            Err(error) => Calling::refused(misshapen(R::DESCRIPTOR, &error)),
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
        let station = Arc::clone(&self.station);
        let handler = move |context, body: Body| match body.decode_boxed::<R>() {
            Ok(request) => {
                let run = Run::new(Arc::clone(&station), context);
                items::stream(|items| handle(run, request, items))
            }
            Err(error) => items::refused(misshapen(R::DESCRIPTOR, &error)),
        };
        self.add::<R>(Handler::Streamed(Box::new(handler)))
    }

    fn add<R: Request>(mut self, handler: Handler) -> Self {
        self.routes.push(Route { descriptor: R::DESCRIPTOR, handler });
        self
    }
}

/// The payload is not what the contract says: names the field, in wire names.
fn misshapen(request: &RequestDescriptor, error: &DecodeError) -> Fault {
    let details = serde_json::json!({ "path": error.path, "reason": error.reason });
    Fault::new(
        FaultKind::ValidationFailed,
        format!("the payload of {} is not as declared: {error}", request.full_name),
    )
    .with_details(details)
}

/// The request is asked for in the way that it is not answered.
pub(crate) fn answered_otherwise(request: &RequestDescriptor) -> Fault {
    let how = if request.streamed { "by a stream, not once" } else { "once, not by a stream" };
    Fault::new(FaultKind::ValidationFailed, format!("{} is answered {how}", request.full_name))
}

impl std::fmt::Debug for ServedContract {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ServedContract({})", self.descriptor.name)
    }
}
