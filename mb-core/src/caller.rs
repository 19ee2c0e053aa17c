//! Who is at the other end of a connection, as its server knows it.

use std::{
    fmt,
    sync::{Arc, OnceLock, Weak},
    time::SystemTime,
};

use futures_core::future::BoxFuture;
use serde_json::{Map, Value};

use crate::{
    Codec, Connected, Contract, ContractDescriptor, ContractVersion, Duplex, Fault, FaultKind,
    Hello, Host, Limits, Link, Linked, Message,
};

/// What a server knows of one connected client. The client said most of it about itself; only
/// `connection_id` and `connected_at` are the server's own.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ClientInfo {
    /// The id it registered with, or one the server made.
    pub client_id: String,
    /// What kind of client it says it is: `web`, `service`.
    pub kind: String,
    /// What it says it can do.
    pub capabilities: Vec<String>,
    /// Whatever else it said.
    pub metadata: Map<String, Value>,
    /// The contracts it says it serves.
    pub serves: Vec<ContractVersion>,
    /// Unique within the server, never reused.
    pub connection_id: String,
    /// When it connected.
    pub connected_at: SystemTime,
}

impl ClientInfo {
    fn new(hello: Hello, connection_id: String, connected_at: SystemTime) -> Self {
        let Hello { client_id, kind, capabilities, metadata, serves, speaks: _ } = hello;
        let client_id = client_id.unwrap_or_else(|| format!("anonymous-{connection_id}"));
        Self { client_id, kind, capabilities, metadata, serves, connection_id, connected_at }
    }
}

/// The client a message came from, and the way back to it.
pub struct Caller {
    /// Until it has said who it is.
    anonymous: ClientInfo,
    registered: OnceLock<ClientInfo>,
    host: Weak<dyn Host>,
    back: Arc<dyn Link>,
}

impl Caller {
    /// A client that has just connected to `host` and can be reached over `back`.
    #[doc(hidden)]
    pub fn new(
        hello: Hello,
        connection_id: String,
        host: Weak<dyn Host>,
        back: Arc<dyn Link>,
    ) -> Self {
        let named = hello.client_id.is_some();
        let anonymous = ClientInfo::new(hello, connection_id, SystemTime::now());
        // Who says its name as it connects cannot take another one later.
        let registered = if named { anonymous.clone().into() } else { OnceLock::new() };
        Self { anonymous, registered, host, back }
    }

    /// The server at the other end of a client's connection, for what that client serves.
    #[doc(hidden)]
    pub fn server(hello: Hello, connection_id: String, back: Arc<dyn Link>) -> Self {
        Self::new(hello, connection_id, Weak::<Nobody>::new(), back)
    }

    /// Notes what the client says about itself after it has connected. Only once: later contexts
    /// and logs must mean the same client.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` where it has said that it is somebody else before.
    pub fn register(&self, hello: Hello) -> Result<&ClientInfo, Fault> {
        let info = self.registered.get_or_init(|| {
            let ClientInfo { connection_id, connected_at, .. } = &self.anonymous;
            ClientInfo::new(hello.clone(), connection_id.clone(), *connected_at)
        });
        match hello.client_id {
            Some(id) if id != info.client_id => Err(Fault::new(
                FaultKind::ValidationFailed,
                "this connection is registered under another clientId",
            )),
            _ => Ok(info),
        }
    }

    /// Everything known of the client.
    pub fn info(&self) -> &ClientInfo {
        self.registered.get().unwrap_or(&self.anonymous)
    }

    /// A client of a contract that the caller itself serves: the way for a server to ask its
    /// client something.
    ///
    /// # Errors
    /// `CONTRACT_MISMATCH` where the caller says that it does not serve the contract, or in another
    /// major version.
    pub fn client<C: Contract>(&self) -> Result<C, Fault> {
        let info = self.info();
        ContractVersion::of(C::DESCRIPTOR).check("caller", &info.serves)?;
        Ok(C::over(Linked { link: Arc::clone(&self.back), peer: info }))
    }

    /// The id it registered with, or one the server made.
    pub fn id(&self) -> &str {
        &self.info().client_id
    }

    /// What kind of client it says it is.
    pub fn kind(&self) -> &str {
        &self.info().kind
    }

    /// What it says it can do.
    pub fn capabilities(&self) -> &[String] {
        &self.info().capabilities
    }

    /// One entry of what else it said about itself.
    pub fn metadata(&self, key: &str) -> Option<&Value> {
        self.info().metadata.get(key)
    }

    /// The way back to the client, for transports and the runtime.
    pub fn back(&self) -> &Arc<dyn Link> {
        &self.back
    }

    pub(crate) fn host(&self) -> Option<Arc<dyn Host>> {
        self.host.upgrade()
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.info().fmt(f)
    }
}

/// The host of whoever is called by a server: there is none.
enum Nobody {}

impl Host for Nobody {
    fn accept(self: Arc<Self>, _: Hello, _: Arc<dyn Link>) -> Result<Connected, Fault> {
        match *self {}
    }

    fn carry(self: Arc<Self>, _: Duplex) {
        match *self {}
    }

    fn codecs(&self) -> &Arc<[Codec]> {
        match *self {}
    }

    fn limits(&self) -> &Arc<Limits> {
        match *self {}
    }

    fn id(&self) -> &str {
        match *self {}
    }

    fn contracts(&self) -> &[&'static ContractDescriptor] {
        match *self {}
    }

    fn announce_over(&self, _: Arc<dyn Link>) {
        match *self {}
    }

    fn broadcast(self: Arc<Self>, _: Message) -> BoxFuture<'static, Result<(), Fault>> {
        match *self {}
    }

    fn send_to(self: Arc<Self>, _: String, _: Message) -> BoxFuture<'static, Result<(), Fault>> {
        match *self {}
    }

    fn clients(&self) -> Vec<Arc<Caller>> {
        match *self {}
    }
}
