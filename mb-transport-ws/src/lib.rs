//! magicbutton over WebSocket (RFC 6455): `ws://host:port/path`, and `wss://` with TLS.
//!
//! [`WebSocket`] is the transport; its methods say what it needs beyond a connection string. With
//! the feature `axum`, the same endpoint is a route of an app that is there already. What is
//! spoken is agreed on by subprotocol: `mb.json`, `mb.msgpack`, or `mb.` and the name of a user's
//! codec; a client that names none gets JSON.
//!
//! | option | side | meaning |
//! |---|---|---|
//! | `codec` | both | the codec to speak; a server then speaks no other |
//! | `origin` | server | a web page's origin that may connect; may be repeated; without it, all may |
//! | `ca` | client, `wss` | PEM file of the root certificates to trust instead of the system's |
//! | `cert`, `key` | both, `wss` | PEM files of this side's certificate chain and private key |
//! | `client_ca` | server, `wss` | PEM file of the roots that must have signed a client's certificate |

#![warn(unreachable_pub)]

#[cfg(feature = "axum")]
pub mod axum;
mod close;
mod connect;
mod handshake;
mod listen;
mod options;
mod origin;
mod socket;
#[cfg(feature = "tls")]
mod tls;
mod transport;

pub use origin::OriginError;
pub use transport::WebSocket;
