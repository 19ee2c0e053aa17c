//! What every transport owes, as cases to run against yours.
//!
//! A transport moves messages; what callers and handlers see must not depend on which one it is.
//! [`run`] holds whole conversations over yours (calls, errors, events, streams, cancellation,
//! deadlines, limits, stopping, reconnecting, calls from server to client) and reports every
//! promise that it breaks, by name, all at once. A case that hangs is ended and says so.
//!
//! Say in an [`Arena`] how to get servers and clients of your transport, and run it in a test:
//!
//! ```no_run
//! use mb_runtime::{
//!     Client, ClientBuilder, Endpoint, Server, ServerBuilder,
//!     conformance::{self, Arena, Traits},
//! };
//! # mod tcp {
//! #     pub struct Tcp;
//! #     #[async_trait::async_trait]
//! #     impl mb_core::Transport for Tcp {
//! #         fn schemes(&self) -> &'static [&'static str] { &["tcp"] }
//! #         async fn connect(&self, _: &mb_core::Endpoint, _: mb_core::Dial)
//! #             -> Result<mb_core::Connection, mb_core::Fault> { unimplemented!() }
//! #         async fn bind(&self, _: &mb_core::Endpoint, _: std::sync::Arc<dyn mb_core::Host>)
//! #             -> Result<Box<dyn mb_core::Binding>, mb_core::BindError> { unimplemented!() }
//! #     }
//! # }
//! # use tcp::Tcp;
//!
//! struct OverTcp;
//!
//! impl Arena for OverTcp {
//!     fn endpoint(&self, name: &str) -> String {
//!         format!("tcp://127.0.0.1:0/{name}")
//!     }
//!
//!     fn server(&self) -> ServerBuilder {
//!         Server::builder().transport(Tcp)
//!     }
//!
//!     fn client(&self) -> ClientBuilder {
//!         Client::builder().transport(Tcp)
//!     }
//!
//!     fn dial(&self, bound: &Endpoint) -> String {
//!         format!("{bound}?codec=msgpack")
//!     }
//!
//!     fn traits(&self) -> Traits {
//!         Traits::SESSION
//!     }
//! }
//!
//! # /*
//! #[tokio::test]
//! # */
//! async fn it_keeps_what_every_transport_promises() {
//!     conformance::run(&OverTcp).await.assert();
//! }
//! ```
//!
//! A transport that hands out a [`Duplex`](mb_core::Duplex) has [`Traits::SESSION`]: the runtime's
//! session does most of it, and the cases show whether frames arrive whole, in order, and end when
//! they should. One that is a [`Link`](mb_core::Link) itself starts from [`Traits::PROCESS`] or
//! from [`Traits::SESSION`], and changes what is otherwise.
//!
//! Cases use real time, and run one after another; all of them take a few seconds. Run it on a
//! tokio runtime whose clock is not paused.

mod cases;
mod check;
#[allow(dead_code, reason = "of some contracts only one side is used")]
mod contract;
mod report;
mod service;
mod stage;

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt;
use mb_core::Endpoint;
use tokio::time::{Instant, timeout};

use self::check::Stop;
pub use self::report::{Case, Report, Verdict};
use crate::{Client, ClientBuilder, Server, ServerBuilder, panics::panic_text};

/// How long a case may take before it counts as hanging.
const LONGEST: Duration = Duration::from_secs(20);

/// Where cases are played: how to get servers and clients of the transport under test.
pub trait Arena: Sync {
    /// A connection string for a server to bind to, that no other server has been bound to.
    ///
    /// `name` is unique within the process and made of lower-case letters, digits and `-`; a
    /// transport with ports may as well answer the same for every name, if its port is 0. Where
    /// several processes share an engine, add something of this one's.
    ///
    /// Cases stop servers and start others where they were. With port 0 somebody else may be given
    /// the port in between: let arenas that run at the same time listen on different addresses.
    fn endpoint(&self, name: &str) -> String;

    /// A server about to be started, with the transport, and codecs if need be.
    fn server(&self) -> ServerBuilder {
        Server::builder()
    }

    /// A client about to connect, with the transport, and codecs if need be.
    fn client(&self) -> ClientBuilder {
        Client::builder()
    }

    /// What clients of a server connect to that has been bound to `bound`, as
    /// [`Server::endpoints`] tells it. Its `Display` has no options: add those that clients need.
    fn dial(&self, bound: &Endpoint) -> String {
        bound.to_string()
    }

    /// What the transport owes of what not every transport does.
    fn traits(&self) -> Traits;
}

/// Where transports rightly differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traits {
    /// A connection can be lost, and clients then make another by themselves, which takes over
    /// their subscriptions and idempotent requests.
    ///
    /// Within a process a connection ends only with its server, and stays ended.
    pub reconnects: bool,
    /// Calls have a time limit, 30 s, unless somebody says otherwise.
    ///
    /// Within a process they have none: a timer per call is not free, and nothing gets lost.
    pub times_calls: bool,
    /// [`Limits::max_message`](mb_core::Limits::max_message) holds.
    ///
    /// Within a process no message takes memory that is not there already.
    pub bounds_messages: bool,
    /// [`Limits::in_flight`](mb_core::Limits::in_flight) holds, per connection.
    ///
    /// Within a process a call waits in its caller, and costs the server nothing.
    pub bounds_calls: bool,
    /// How many items of a streamed reply may have been made that its reader has not asked for.
    ///
    /// Within a process none are; over a network that would be a round trip for each.
    pub items_ahead: u32,
}

impl Traits {
    /// Values, or their encoding, are handed over within one process.
    pub const PROCESS: Self = Self {
        reconnects: false,
        times_calls: false,
        bounds_messages: false,
        bounds_calls: false,
        items_ahead: 0,
    };

    /// The runtime holds a session over the transport's frames.
    pub const SESSION: Self = Self {
        reconnects: true,
        times_calls: true,
        bounds_messages: true,
        bounds_calls: true,
        items_ahead: 32,
    };
}

/// Plays every case, one after another, and reports what became of each.
///
/// Dropped, it stops where it is.
pub async fn run(arena: &dyn Arena) -> Report {
    let mut report = Vec::new();
    for case in cases::all() {
        let start = Instant::now();
        let played = AssertUnwindSafe((case.play)(arena)).catch_unwind();
        let verdict = match timeout(LONGEST, played).await {
            Ok(Ok(Ok(()))) => Verdict::Kept,
            Ok(Ok(Err(Stop::NotOwed(reason)))) => Verdict::NotOwed(reason),
            Ok(Ok(Err(Stop::Broken(reason)))) => Verdict::Broken(reason),
            Ok(Err(panic)) => Verdict::Broken(format!("it panicked: {}", panic_text(&*panic))),
            Err(_) => Verdict::Broken(format!("it hung for {} s", LONGEST.as_secs())),
        };
        report.push(Case { name: case.name(), verdict, took: start.elapsed() });
    }
    Report::new(report)
}
