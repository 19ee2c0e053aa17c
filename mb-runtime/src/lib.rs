//! magicbutton's client and server, on top of `mb-core` and the transports.
//!
//! Layers, top to bottom, each using only those below it: generated code; [`Client`] and [`Server`];
//! subscriptions; dispatch; sessions, middleware, access and logins; frames; the link of `mb-core`;
//! transports. Users come here through the `magicbutton` crate; its features choose the transports.

#![warn(unreachable_pub)]

pub mod access;
mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
#[allow(missing_debug_implementations, reason = "what generated code holds is shown to nobody")]
mod dispatch;
mod login;
mod meters;
pub mod middleware;
mod panics;
mod server;
mod session;
mod subscription;
#[cfg(feature = "tower")]
pub mod tower;
mod transports;
#[cfg(feature = "validate")]
#[allow(missing_debug_implementations, reason = "what generated code holds is shown to nobody")]
mod validation;
mod wire;

#[doc(hidden)]
pub mod __private;

/// Declares a contract: see the guide, and `mb-macros`.
#[cfg(all(feature = "macros", feature = "validate"))]
#[macro_export]
macro_rules! contract {
    ($($contract:tt)*) => {
        $crate::__private::contract! { ($crate::__private::v1; validate) $($contract)* }
    };
}

/// Declares a contract: see the guide, and `mb-macros`.
#[cfg(all(feature = "macros", not(feature = "validate")))]
#[macro_export]
macro_rules! contract {
    ($($contract:tt)*) => {
        $crate::__private::contract! { ($crate::__private::v1) $($contract)* }
    };
}

pub use client::{
    Announcement, Call, Client, ClientBuilder, ClientStatus, DurableGuard, DurableSubscribing,
    RawCall, RawStream, Reconnect, StreamCall, Subscribing,
};
pub use dispatch::ServedContract;
pub use futures_core::Stream;
pub use mb_core::{
    Actor, AnyError, AnyRequest, Auth, BindError, Body, Caller, ClientInfo, Codec, Context,
    Contract, ContractDescriptor, ContractVersion, CustomCodec, DeclaredError, DecodeError,
    EncodeError, EndReason, Endpoint, EndpointError, ErrorDescriptor, Event, EventDescriptor,
    EventOf, Failure, Fault, FaultKind, Host, IntoEndpoint, Limits, Message, Name, Never, Payload,
    Publish, Reply, Request, RequestDescriptor, Resolve, Span, Status, Streaming, Subscribe,
    TraceparentError, Transport, UnknownName, WireError,
};
pub use server::{Server, ServerBuilder, StartError, StopError};
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub use session::take_apart;
pub use subscription::{Notice, Overflow, Received, Subscription, SubscriptionGuard};

/// The rules of the feature `validate`: what custom rules answer, and the trait that types outside of a
/// contract have, by `#[derive(garde::Validate)]` or by hand.
#[cfg(feature = "validate")]
pub use garde;

/// Logging in: what a client shows, and who looks at it. Authenticators that are there: users with
/// passwords, and JSON Web Tokens.
pub mod auth {
    #[cfg(feature = "jwt")]
    pub use crate::login::jwt::{Jwt, JwtKeys, JwtKeysError};
    #[cfg(feature = "password")]
    pub use crate::login::password::{Users, UsersError, hash_password};
    pub use crate::login::{Authenticator, Credentials, LoggedIn, Login, LoginError};
}

/// The NATS transport, for what a connection string cannot, or should not, say, and what the engine
/// is to enforce.
#[cfg(feature = "nats")]
pub mod nats {
    pub use mb_transport_nats::{ContractPermissions, Nats, Permissions, UserPermissions};
}

/// The WebSocket transport, for what a connection string cannot say.
#[cfg(feature = "ws")]
pub mod ws {
    #[cfg(feature = "axum")]
    pub use mb_transport_ws::axum;
    pub use mb_transport_ws::{OriginError, WebSocket};
}
