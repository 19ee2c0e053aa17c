#![doc = include_str!("../README.md")]

// One explicit list: what a user of a contract meets. Transport authors depend on `mb-core`.
pub use mb_runtime::{
    Actor, Announcement, AnyError, AnyRequest, Auth, BindError, Body, Call, Caller, Client,
    ClientBuilder, ClientInfo, ClientStatus, Codec, Context, Contract, ContractDescriptor,
    ContractVersion, CustomCodec, DeclaredError, DecodeError, DurableGuard, DurableSubscribing,
    EncodeError, EndReason, Endpoint, EndpointError, ErrorDescriptor, Event, EventDescriptor,
    EventOf, Failure, Fault, FaultKind, Host, IntoEndpoint, Limits, Message, Name, Never, Notice,
    Overflow, Payload, Publish, RawCall, RawStream, Received, Reconnect, Reply, Request,
    RequestDescriptor, Resolve, ServedContract, Server, ServerBuilder, Span, StartError, Status,
    StopError, Stream, StreamCall, Streaming, Subscribe, Subscribing, Subscription,
    SubscriptionGuard, TraceparentError, Transport, UnknownName, WireError,
};

#[cfg(feature = "validate")]
pub use mb_runtime::garde;
#[cfg(feature = "nats")]
pub use mb_runtime::nats;
#[cfg(feature = "tower")]
pub use mb_runtime::tower;
#[cfg(feature = "ws")]
pub use mb_runtime::ws;
pub use mb_runtime::{access, auth, middleware};

#[doc = include_str!("../docs/contract.md")]
pub use mb_runtime::contract;

/// The guide's pages, compiled: an example that does not work is an error.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../docs/errors.md")]
    mod errors {}
    #[doc = include_str!("../docs/events.md")]
    mod events {}
    #[doc = include_str!("../docs/connections.md")]
    mod connections {}
    #[doc = include_str!("../docs/network.md")]
    mod network {}
    #[doc = include_str!("../docs/logins.md")]
    mod logins {}
    #[doc = include_str!("../docs/context.md")]
    mod context {}
    #[doc = include_str!("../docs/nats.md")]
    mod nats {}
    #[doc = include_str!("../docs/access.md")]
    mod access {}
    #[doc = include_str!("../docs/validation.md")]
    mod validation {}
    #[doc = include_str!("../docs/middleware.md")]
    mod middleware {}
    #[doc = include_str!("../docs/resilience.md")]
    mod resilience {}
    #[doc = include_str!("../docs/testing.md")]
    mod testing {}
    #[doc = include_str!("../docs/transports.md")]
    mod transports {}
}
