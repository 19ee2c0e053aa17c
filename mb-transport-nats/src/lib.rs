//! magicbutton over NATS: `nats://host:port/prefix`.
//!
//! Requests, queue groups and subjects are the engine's own: a request is one NATS message, its
//! reply another, an event a third that the engine copies to whoever listens. [`Nats`] is the
//! transport; its methods say what a connection string cannot, or should not.
//!
//! | option | meaning |
//! |---|---|
//! | `codec` | what to write in; a server then reads no other |
//! | `server` | another server of the same cluster, `host:port`; may be repeated |
//! | `queue` | server: the queue group, instead of one for each contract |
//! | `exclusive` | server: `true` refuses to start where another serves under this prefix |
//! | `inbox` | the prefix of this connection's inboxes, instead of `_INBOX` |
//! | `token`, `nkey`, `creds` | what to log in with: a token, an nkey's seed, a credentials file |
//! | `ca`, `cert`, `key` | PEM files: roots to trust, this side's certificate and its private key |
//! | `tls` | `true` insists on TLS, `first` begins with it |

#![warn(unreachable_pub)]

mod client;
mod connect;
mod durable;
mod headers;
mod intake;
mod join;
mod options;
mod outbound;
mod pen;
mod pending;
mod permissions;
mod reply;
mod requests;
mod secret;
mod served;
mod server;
mod subjects;
mod token;
mod transport;

pub use permissions::{ContractPermissions, Permissions, UserPermissions};
pub use transport::Nats;
