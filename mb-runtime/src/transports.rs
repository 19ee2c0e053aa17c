//! Which transport answers to which connection string.

use std::sync::Arc;

use mb_core::{Endpoint, Transport};

/// The transports a client or server may use: the user's own first, then those of the features.
pub(crate) struct Transports(Vec<Arc<dyn Transport>>);

impl Default for Transports {
    fn default() -> Self {
        Self(vec![
            #[cfg(feature = "memory")]
            Arc::new(mb_transport_memory::Memory),
            #[cfg(feature = "nats")]
            Arc::new(mb_transport_nats::Nats::new()),
            #[cfg(feature = "ws")]
            Arc::new(mb_transport_ws::WebSocket::new()),
        ])
    }
}

/// No transport answers to the scheme of a connection string.
#[derive(Debug, thiserror::Error)]
#[error("no transport for `{scheme}://`: {} (there {})", remedy(.scheme), what_there_is(.known))]
pub(crate) struct NoTransport {
    scheme: String,
    known: Vec<&'static str>,
}

fn remedy(scheme: &str) -> String {
    let feature = match scheme {
        "memory" => "memory",
        "nats" => "nats",
        "ws" | "wss" => "ws",
        _ => return "one is added with `.transport(..)`".to_owned(),
    };
    format!("build magicbutton with its feature `{feature}`")
}

fn what_there_is(schemes: &[&str]) -> String {
    match schemes {
        [] => "is none".to_owned(),
        schemes => format!("is: {}", schemes.join(", ")),
    }
}

impl Transports {
    pub(crate) fn add(&mut self, transport: Arc<dyn Transport>) {
        self.0.insert(0, transport);
    }

    pub(crate) fn find(&self, endpoint: &Endpoint) -> Result<&Arc<dyn Transport>, NoTransport> {
        let scheme = endpoint.scheme();
        self.0.iter().find(|t| t.schemes().contains(&scheme)).ok_or_else(|| NoTransport {
            scheme: scheme.to_owned(),
            known: self.0.iter().flat_map(|t| t.schemes().iter().copied()).collect(),
        })
    }
}
