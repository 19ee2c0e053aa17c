//! How a client gets a connection: the transport, then, where it only moves frames, a session, and
//! the registration over it. Used for the first connection and for every one after it.

use std::sync::Arc;

use mb_core::{
    Body, Codec, Connected, Connection, ContractVersion, Dial, Duplex, EndReason, Endpoint, Fault,
    FaultKind, Hello, Introduction, Limits, Link, Transport, codec_option,
};
use tokio::time::timeout;

use super::logins::Logins;
use crate::{
    session::{self, Side, system_request, understood},
    wire::system,
};

/// Where to connect to, and as whom.
pub(super) struct Dialer {
    /// The endpoints of one service, tried in turn, each with its transport.
    pub(super) targets: Vec<(Endpoint, Arc<dyn Transport>)>,
    pub(super) hello: Hello,
    /// The client's id where a session needs one and the user gave none.
    pub(super) id: String,
    pub(super) codecs: Arc<[Codec]>,
    pub(super) limits: Arc<Limits>,
    /// What it logs in with, on every connection.
    pub(super) logins: Arc<Logins>,
}

/// A connection, and whether it has to be looked after.
pub(super) enum Dialed {
    /// The engine looks after it.
    Linked(Connected),
    /// It may be lost, as a session may. Requests go over it in this codec.
    Session(Connected, Codec),
}

impl Dialer {
    /// One attempt at one of the endpoints. What the server sends goes to `inbound`. Says as of when
    /// the login is as somebody wants it.
    pub(super) async fn dial(
        &self,
        attempt: usize,
        inbound: Arc<dyn Link>,
    ) -> Result<(Dialed, u64), Fault> {
        let at = attempt % self.targets.len().max(1);
        let (endpoint, transport) =
            self.targets.get(at).ok_or_else(|| Fault::unavailable("there is no endpoint"))?;
        let mut dial = Dial::new(self.hello.clone(), Arc::clone(&inbound));
        dial.id.clone_from(&self.id);
        dial.codecs = Arc::clone(&self.codecs);
        dial.limits = Arc::clone(&self.limits);
        let connection = transport.connect(endpoint, dial).await?;
        // An engine may have several servers, of which only one knows a token that it has handed out.
        let by_token = matches!(connection, Connection::Framed(_));
        let dialed = match connection {
            Connection::Linked(connected) if connected.link.may_be_lost() => {
                Dialed::Session(connected, self.codec(endpoint)?)
            }
            Connection::Linked(connected) => Dialed::Linked(connected),
            Connection::Framed(duplex) => {
                let limit = self.limits.handshake;
                let held = timeout(limit, self.hold(duplex, inbound)).await;
                held.unwrap_or_else(|_| {
                    let reason = format!("{endpoint} did not let this client in within {limit:?}");
                    Err(Fault::unavailable(reason))
                })?
            }
        };
        let (Dialed::Linked(connected) | Dialed::Session(connected, _)) = &dialed;
        // Given up half-way, or refused, the connection goes too.
        let provisional = Provisional::new(&connected.link);
        let logging_in = self.logins.log_in(&*connected.link, by_token);
        let as_of = match &dialed {
            Dialed::Linked(_) => logging_in.await?,
            Dialed::Session(..) => self.in_time(logging_in).await?,
        };
        if let Some(served) = &connected.contracts {
            self.check(served)?;
        }
        provisional.keep();
        Ok((dialed, as_of))
    }

    /// Does on a connection that is not in use yet whatever somebody who logs in or out has wanted
    /// since.
    pub(super) async fn catch_up(&self, link: &dyn Link, as_of: u64) -> Result<u64, Fault> {
        self.in_time(self.logins.catch_up(link, as_of)).await
    }

    /// A server that answers everything but a login must not hold a client up.
    async fn in_time<T>(&self, login: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let limit = self.limits.handshake;
        timeout(limit, login).await.unwrap_or_else(|_| {
            Err(Fault::unavailable(format!("the server did not answer a login within {limit:?}")))
        })
    }

    /// What requests are written in that may be sent again.
    fn codec(&self, endpoint: &Endpoint) -> Result<Codec, Fault> {
        let asked = codec_option(endpoint, &self.codecs)?;
        Ok(asked.or_else(|| self.codecs.first().cloned()).unwrap_or(Codec::JSON))
    }

    /// Whether a server serves what this client calls.
    fn check(&self, served: &[ContractVersion]) -> Result<(), Fault> {
        self.hello.speaks.iter().try_for_each(|ours| {
            ours.check("server", served)?;
            let theirs = served.iter().find(|theirs| theirs.is_compatible(ours));
            if let Some(theirs) = theirs
                && theirs.version == ours.version
                && theirs.fingerprint != ours.fingerprint
            {
                tracing::warn!(
                    contract = ours.name,
                    version = ours.version,
                    "the server's contract has this version, and other shapes: one of the two \
                     was changed without a new version"
                );
            }
            Ok(())
        })
    }

    async fn hold(&self, duplex: Duplex, inbound: Arc<dyn Link>) -> Result<Dialed, Fault> {
        let codec = duplex.codec.clone();
        let (link, driver) = session::open(duplex, &self.limits, Side::Client);
        // Given up half-way, the session goes too.
        let provisional = Provisional::new(&link);
        tokio::spawn(driver.run(inbound));
        let registered = self.register(&*link).await?;
        link.met(&Introduction {
            knows_contracts: registered.serves.is_some(),
            max_message: registered.max_message,
        });
        provisional.keep();
        let connected = Connected {
            link,
            server_id: registered.server_id,
            client_id: registered.client_id.unwrap_or_else(|| self.id.clone()),
            connection_id: registered.connection_id,
            contracts: registered.serves.map(Arc::from),
        };
        Ok(Dialed::Session(connected, codec))
    }

    async fn register(&self, link: &dyn Link) -> Result<system::Registered, Fault> {
        let hello = self.hello.clone();
        let body = Body::new(system::Register {
            client_id: Some(self.id.clone()),
            client_type: hello.kind,
            capabilities: hello.capabilities,
            metadata: hello.metadata,
            contracts: Some(hello.speaks),
            serves: hello.serves,
            // It will say what it wants.
            events: Some(Vec::new()),
            max_message: Some(self.limits.max_message),
        });
        let registered = link.call(system_request(system::REGISTER, body)).await;
        let registered: system::Registered = understood(registered)?;
        if registered.success {
            Ok(registered)
        } else {
            let reason = "the server did not register this client";
            Err(Fault::new(FaultKind::Forbidden, reason))
        }
    }
}

/// A link that is closed unless somebody says that it stays.
pub(super) struct Provisional(Option<Arc<dyn Link>>);

impl Provisional {
    pub(super) fn new(link: &Arc<dyn Link>) -> Self {
        Self(Some(Arc::clone(link)))
    }

    pub(super) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Provisional {
    fn drop(&mut self) {
        if let Some(link) = self.0.take() {
            link.close(EndReason::ClientDisconnected);
        }
    }
}
