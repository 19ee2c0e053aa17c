//! A served contract as a service of tower.

use std::{
    sync::Arc,
    task::{self, Poll},
};

use futures_core::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use mb_core::{AnyError, Failure, Message, Name};
use tower::Service;

use crate::{
    ServedContract,
    client::Client,
    middleware::{Handled, Outcome},
};

/// A served contract as a service of tower. Made by [`service`].
#[derive(Debug, Clone)]
pub struct ContractService {
    client: Arc<Client>,
}

/// A contract and its handlers as a service of tower, for what already speaks tower: its request is a
/// [`Message`], as [`Message::request`] and [`Message::event`] make it, its response an [`Outcome`].
///
/// It is always ready, runs in the task of its caller, and stops when its last clone is dropped. A
/// deadline in a message's context is told to the handler; a layer of tower's `Timeout` enforces one.
pub fn service(contract: ServedContract) -> ContractService {
    ContractService { client: Arc::new(Client::in_process(contract)) }
}

impl Service<Message> for ContractService {
    type Response = Outcome;
    type Error = Failure<AnyError>;
    type Future = BoxFuture<'static, Handled>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, message: Message) -> Self::Future {
        let client = Arc::clone(&self.client);
        let passing = async move {
            let link = client.link();
            match message.name() {
                Name::Event(_) => {
                    link.publish(&Arc::new(message)).done().await?;
                    Ok(Outcome::Accepted)
                }
                Name::Request(request) if request.streamed => {
                    let items = link.stream(message);
                    // Whoever reads the items keeps the service alive.
                    Ok(Outcome::Stream(items.inspect(move |_| _ = &client).boxed()))
                }
                _ => link.call(message).await.map(Outcome::Reply),
            }
        };
        passing.map(|handled| handled.map_err(of_call)).boxed()
    }
}

/// A handler that passes the fault on does not say it of itself.
fn of_call(failure: Failure<AnyError>) -> Failure<AnyError> {
    match failure {
        Failure::Fault(fault) => fault.of_call().into(),
        declared @ Failure::Declared(_) => declared,
    }
}
