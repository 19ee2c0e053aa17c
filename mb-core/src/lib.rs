//! What magicbutton's transports and its runtime share: messages and their context, replies and
//! faults, codecs, and the [`Link`] between two sides of a conversation.
//!
//! A transport author needs this crate and nothing above it: implement [`Transport`] and hand out
//! [`Link`]s. A user of magicbutton meets these types through the `magicbutton` crate.

#![warn(unreachable_pub)]

mod access;
mod any_error;
mod body;
mod caller;
mod codec;
mod context;
mod contract;
mod descriptor;
mod duplex;
mod durable;
mod end_reason;
mod endpoint;
mod failure;
mod fault;
mod limits;
mod link;
mod message;
mod named;
mod sensitive;
mod status;
mod tagged;
mod transport;
mod version;
mod violations;
mod wire;

pub use access::{Access, RoleDescriptor};
pub use any_error::{AnyError, Resolve};
pub use body::{Body, Encoded};
pub use caller::{Caller, ClientInfo};
pub use codec::{Codec, CustomCodec, DecodeError, EncodeError, scratch};
pub use context::{Actor, Auth, Context, Span, TraceparentError, Travelling};
pub use contract::{
    AnyRequest, Contract, DeclaredError, Event, EventOf, Linked, Payload, Publish, Request,
    Subscribe,
};
pub use descriptor::{ContractDescriptor, ErrorDescriptor, EventDescriptor, RequestDescriptor};
pub use duplex::{ConnectionError, Duplex, Frame, FrameSink, FrameStream};
pub use durable::{Consuming, Delivery, Durable, Handling};
pub use end_reason::EndReason;
pub use endpoint::{Endpoint, EndpointError, IntoEndpoint};
pub use failure::{Failure, Never, Reply};
pub use fault::{Fault, FaultKind};
pub use limits::Limits;
pub use link::{
    Answer, Answering, Calling, Introduction, Link, Published, Streaming, SubscriptionId,
    refused_stream,
};
pub use message::{Message, Name};
pub use named::{UnknownName, named};
pub use sensitive::Hidden;
pub use status::Status;
pub use tagged::{Tagged, read_tagged, unknown_tag, write_tagged};
pub use transport::{
    BindError, Binding, Connected, Connection, Dial, Hello, Host, Transport, codec_option,
};
pub use version::ContractVersion;
pub use violations::{Rules, Violations};
pub use wire::{WireContext, WireError};
