#![doc = include_str!("../README.md")]

// One explicit list: what a user of a contract meets. Transport authors depend on `mb-core`.
pub use mb_runtime::{
    Actor, AnyError, AnyRequest, Auth, BindError, Body, Call, Caller, Client, ClientBuilder,
    ClientInfo, ClientStatus, Codec, Context, Contract, ContractDescriptor, DeclaredError,
    DecodeError, EncodeError, EndReason, Endpoint, EndpointError, ErrorDescriptor, Event,
    EventDescriptor, EventOf, Failure, Fault, FaultKind, IntoEndpoint, Never, Overflow, Payload,
    Publish, RawCall, RawStream, Received, Reply, Request, RequestDescriptor, ServedContract,
    Server, ServerBuilder, StartError, Status, StopError, Stream, StreamCall, Subscribe,
    Subscribing, Subscription, SubscriptionGuard, Transport, UnknownName, WireError, contract,
};
