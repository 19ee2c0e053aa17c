//! magicbutton within one process. `memory://name` hands typed values over and serialises nothing:
//! a call runs the handler in the caller's own task. `memory://name?codec=json` sends everything
//! through the codec instead, so that a test can prove that its types survive a network: a client
//! asks for it, or a server for all of its clients.

#![warn(unreachable_pub)]

mod names;
mod reencode;

use std::sync::Arc;

use async_trait::async_trait;
use mb_core::{
    BindError, Binding, Codec, Connection, Dial, Endpoint, Fault, FaultKind, Host, Transport,
    codec_option,
};

use crate::{names::Claim, reencode::Reencode};

/// The transport of `memory://`. Names are shared by the whole process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Memory;

#[async_trait]
impl Transport for Memory {
    fn schemes(&self) -> &'static [&'static str] {
        &["memory"]
    }

    async fn connect(&self, endpoint: &Endpoint, dial: Dial) -> Result<Connection, Fault> {
        let codec = codec(endpoint, &dial.codecs)?;
        let (host, forced) = names::find(endpoint.authority()).ok_or_else(|| {
            Fault::unavailable(format!(
                "nobody serves {endpoint} in this process: start its server first"
            ))
        })?;
        let Dial { hello, inbound, .. } = dial;
        let Some(codec) = codec.or(forced) else {
            return host.accept(hello, inbound).map(Connection::Linked);
        };
        let inbound = Arc::new(Reencode::new(inbound, codec.clone()));
        let mut connected = host.accept(hello, inbound)?;
        connected.link = Arc::new(Reencode::new(connected.link, codec));
        Ok(Connection::Linked(connected))
    }

    async fn bind(
        &self,
        endpoint: &Endpoint,
        host: Arc<dyn Host>,
    ) -> Result<Box<dyn Binding>, BindError> {
        let codec = codec(endpoint, host.codecs()).map_err(|fault| BindError::Invalid {
            endpoint: endpoint.clone(),
            reason: fault.message().to_owned(),
        })?;
        match names::claim(endpoint.authority(), (host, codec)) {
            Some(claim) => Ok(Box::new(Bound { endpoint: endpoint.clone(), claim: Some(claim) })),
            None => Err(BindError::InUse { endpoint: endpoint.clone() }),
        }
    }
}

/// What the connection string asks for.
fn codec(endpoint: &Endpoint, codecs: &[Codec]) -> Result<Option<Codec>, Fault> {
    fn refuse<T>(reason: String) -> Result<T, Fault> {
        Err(Fault::new(FaultKind::ValidationFailed, reason))
    }
    if endpoint.path() != "/" {
        let path = endpoint.path();
        return refuse(format!("`{path}`: a memory endpoint has a name and no path"));
    }
    if endpoint.user_info().is_some() {
        return refuse("a memory endpoint has a name, and no user: `memory://orders`".to_owned());
    }
    endpoint.check_options(&["codec"], &[]).or_else(refuse)?;
    codec_option(endpoint, codecs)
}

/// A name that is served.
struct Bound {
    endpoint: Endpoint,
    claim: Option<Claim>,
}

#[async_trait]
impl Binding for Bound {
    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    async fn close(&mut self) {
        self.claim = None;
    }
}
