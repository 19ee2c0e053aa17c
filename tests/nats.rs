//! What is NATS's own: strangers on the bus, hostile names, rolling restarts, options, drops.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "nats/bounds.rs"]
mod bounds;
#[path = "common/certificates.rs"]
mod certificates;
#[path = "nats/contract.rs"]
mod contract;
#[path = "nats/durable.rs"]
mod durable;
#[path = "nats/folder.rs"]
mod folder;
#[path = "nats/follow.rs"]
mod follow;
#[path = "nats/foreign.rs"]
mod foreign;
#[path = "nats/gateway.rs"]
mod gateway;
#[path = "nats/identity.rs"]
mod identity;
#[path = "nats/injection.rs"]
mod injection;
#[path = "nats/jwt.rs"]
mod jwt;
#[path = "nats/keys.rs"]
mod keys;
#[path = "nats/login.rs"]
mod login;
#[path = "nats/lossy.rs"]
mod lossy;
#[path = "nats/middleware.rs"]
mod middleware;
#[path = "common/nats_server.rs"]
mod nats_server;
#[path = "nats/options.rs"]
mod options;
#[path = "nats/patience.rs"]
mod patience;
#[path = "nats/permissions.rs"]
mod permissions;
#[path = "nats/several.rs"]
mod several;
#[path = "nats/slow.rs"]
mod slow;
#[path = "nats/streams.rs"]
mod streams;
#[path = "nats/tls.rs"]
mod tls;
#[allow(dead_code, reason = "the tests of logins use the rest")]
#[path = "auth/tokens.rs"]
mod tokens;
