//! From a message to the handler that serves it, and from what the handler says to an answer.
//!
//! What is generated per request is one closure; everything else here is shared by all of them.
//! A handler runs in whichever task polls the call: in process that is the caller's own.

mod gate;
mod items;
mod routes;
mod run;
mod seal;

use std::{future::Future, sync::Arc};

use mb_core::{
    Body, Calling, ContractDescriptor, DecodeError, Fault, FaultKind, Reply, Request,
    RequestDescriptor, Streaming,
};

pub(crate) use gate::{Gate, stopped};
pub use items::Items;
pub(crate) use items::refused as refused_stream;
pub(crate) use routes::{DuplicateContract, Routes};
pub(crate) use run::Run;
pub(crate) use seal::{panic_text, report};

use mb_core::Context;

/// A contract with the service that implements it: what the generated `serve` returns and
/// [`Server::builder().serve(..)`](crate::ServerBuilder::serve) takes.
pub struct ServedContract {
    descriptor: &'static ContractDescriptor,
    routes: Vec<Route>,
}

/// One request and its handler.
pub(crate) struct Route {
    pub(crate) descriptor: &'static RequestDescriptor,
    pub(crate) handler: Handler,
}

pub(crate) enum Handler {
    Unary(Box<dyn Fn(Run, Body) -> Calling + Send + Sync>),
    Streamed(Box<dyn Fn(Run, Body) -> Streaming + Send + Sync>),
}

impl std::fmt::Debug for ServedContract {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ServedContract({})", self.descriptor.name)
    }
}

/// Collects the handlers of one contract. Generated code is its only user.
pub struct ServedContractBuilder<S> {
    descriptor: &'static ContractDescriptor,
    service: Arc<S>,
    routes: Vec<Route>,
}

impl<S: Send + Sync + 'static> ServedContractBuilder<S> {
    /// A contract whose requests `service` will answer.
    pub fn new(descriptor: &'static ContractDescriptor, service: S) -> Self {
        Self { descriptor, service: Arc::new(service), routes: Vec::new() }
    }

    /// Adds a request that is answered once.
    #[must_use]
    pub fn unary<R, F, Fut>(mut self, handle: F) -> Self
    where
        R: Request,
        F: Fn(Arc<S>, Context, R) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Reply<R::Reply, R::Error>> + Send + 'static,
    {
        let service = Arc::clone(&self.service);
        let handler = move |run: Run, body: Body| match body.decode::<R>() {
            Ok(request) => {
                let future = handle(Arc::clone(&service), run.context().clone(), request);
                run.drive(future)
            }
            Err(error) => Calling::refused(misshapen(R::DESCRIPTOR, &error)),
        };
        self.routes
            .push(Route { descriptor: R::DESCRIPTOR, handler: Handler::Unary(Box::new(handler)) });
        self
    }

    /// Adds a request that is answered by a stream: `handle` forwards it into the items.
    #[must_use]
    pub fn streamed<R, F, Fut>(mut self, handle: F) -> Self
    where
        R: Request,
        F: Fn(Arc<S>, Context, R, Items<R>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let service = Arc::clone(&self.service);
        let handler = move |run: Run, body: Body| match body.decode::<R>() {
            Ok(request) => items::stream(run, |context, items| {
                handle(Arc::clone(&service), context, request, items)
            }),
            Err(error) => items::refused(misshapen(R::DESCRIPTOR, &error)),
        };
        self.routes.push(Route {
            descriptor: R::DESCRIPTOR,
            handler: Handler::Streamed(Box::new(handler)),
        });
        self
    }

    /// The contract, ready to be served.
    pub fn build(self) -> ServedContract {
        ServedContract { descriptor: self.descriptor, routes: self.routes }
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
