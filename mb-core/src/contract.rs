//! The traits that generated types implement: what ties a Rust type to its place in a contract.
//!
//! Users do not implement these by hand; `contract!` does. They are public so that users can write
//! generic code over any contract.

use std::{error::Error, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    ClientInfo, ContractDescriptor, DecodeError, ErrorDescriptor, EventDescriptor, Fault,
    FaultKind, Link, Message, RequestDescriptor, Rules, Violations,
};

/// What can travel: a value that can be written and read back, and moved between threads.
/// Implemented for every type that fits.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel in a message",
    label = "not a payload",
    note = "a payload is `Serialize + DeserializeOwned + Send + Sync + 'static`: derive serde's traits and borrow nothing"
)]
pub trait Payload: Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Payload for T {}

/// A whole contract, standing for it in generic code. Implemented by each generated `Client`.
pub trait Contract: Sized {
    /// The enum over all events of the contract.
    type Event: EventOf<Self> + Publish;
    /// The enum over all requests of the contract.
    type Request: AnyRequest;
    /// The enum over all errors of the contract.
    type Error: DeclaredError;
    /// Everything known of the contract without its types.
    const DESCRIPTOR: &'static ContractDescriptor;

    /// A client of the contract over a link to whoever serves it. Nothing is checked. Users get
    /// one from `Client::typed`, or, on a server, from [`Caller::client`](crate::Caller::client).
    #[doc(hidden)]
    fn over(link: Linked<'_>) -> Self;
}

/// A link to somebody who serves a contract, and what is known of them.
#[doc(hidden)]
#[allow(missing_debug_implementations, reason = "generated code takes it apart at once")]
pub struct Linked<'a> {
    pub link: Arc<dyn Link>,
    pub peer: &'a ClientInfo,
}

/// The payload of one request: what travels.
pub trait Request: Payload {
    /// What the request answers, or, of a streamed one, each item.
    type Reply: Payload;
    /// The errors it declares; [`Never`](crate::Never) where there are none.
    type Error: DeclaredError;
    /// Its place in the contract.
    const DESCRIPTOR: &'static RequestDescriptor;
    /// What its contract says of its values.
    #[doc(hidden)]
    const RULES: Rules<Self> = None;
    /// What its contract says of its reply, or of each item.
    #[doc(hidden)]
    const REPLY_RULES: Rules<Self::Reply> = None;
}

/// The enum over all requests of a contract: what can be logged, and sent as it is.
pub trait AnyRequest {
    /// Its place in the contract: say, whether it is answered by a stream.
    fn descriptor(&self) -> &'static RequestDescriptor;

    /// The message that sends this request, its context still empty.
    fn into_message(self) -> Message;

    /// What is wrong with it by the rules of its contract.
    #[doc(hidden)]
    fn violations(&self) -> Violations {
        Violations::default()
    }
}

/// The payload of one event: a fact, one way.
pub trait Event: Payload {
    /// Its place in the contract.
    const DESCRIPTOR: &'static EventDescriptor;
    /// What its contract says of its values.
    #[doc(hidden)]
    const RULES: Rules<Self> = None;
}

/// What can be announced: any event, and the enum over all events of a contract.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not declared with `#[event]` in a contract"
)]
pub trait Publish {
    /// The message that announces this value, its context still empty.
    fn into_message(self) -> Message;

    /// What is wrong with it by the rules of its contract.
    #[doc(hidden)]
    fn violations(&self) -> Violations {
        Violations::default()
    }

    /// The same message, if the value keeps the rules of its contract: nothing else is sent.
    #[doc(hidden)]
    fn into_checked_message(self) -> Result<Message, Fault>
    where
        Self: Sized,
    {
        let violations = self.violations();
        let message = self.into_message();
        let what = || format!("the event {} breaks a rule of its contract", message.name());
        violations.check(FaultKind::ValidationFailed, what).map_err(Fault::of_call)?;
        Ok(message)
    }
}

impl<E: Event> Publish for E {
    fn into_message(self) -> Message {
        Message::event(Arc::new(self))
    }

    fn violations(&self) -> Violations {
        Violations::of(self, E::RULES)
    }
}

/// What can be subscribed to: any event, and the enum over all events of a contract.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not declared with `#[event]` in a contract"
)]
pub trait Subscribe: Send + Sync + Sized + 'static {
    /// The events that a subscription to this type receives.
    fn events() -> impl Iterator<Item = &'static EventDescriptor>;

    /// Reads the value out of a message, without copying it where it is already of this type.
    fn receive(message: &Message) -> Result<Arc<Self>, DecodeError>;

    /// What is wrong with a value by the rules of its contract.
    #[doc(hidden)]
    fn found_wrong(&self) -> Violations {
        Violations::default()
    }
}

impl<E: Event> Subscribe for E {
    fn events() -> impl Iterator<Item = &'static EventDescriptor> {
        std::iter::once(E::DESCRIPTOR)
    }

    fn receive(message: &Message) -> Result<Arc<Self>, DecodeError> {
        message.body().decode_shared().map_err(|error| E::DESCRIPTOR.of_payload(error))
    }

    fn found_wrong(&self) -> Violations {
        Violations::of(self, E::RULES)
    }
}

/// An event of the contract `C`, or the enum over all of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of this contract",
    label = "not declared with `#[event]` in the contract of `{C}`"
)]
pub trait EventOf<C>: Subscribe + Publish {}

/// An error enum of a contract: what a request may answer instead of its reply.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a declared error",
    label = "not an `#[error]` enum of a contract",
    note = "a request declares an enum with `#[error]` above it; any other error becomes an internal fault by `.map_err(Fault::internal)`"
)]
pub trait DeclaredError: Error + Payload {
    /// Every variant, in the order of declaration.
    const VARIANTS: &'static [ErrorDescriptor];

    /// The variant of this value.
    fn descriptor(&self) -> &'static ErrorDescriptor;
}
