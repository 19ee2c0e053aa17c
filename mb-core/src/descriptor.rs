//! What is known of a contract without its types: names, docs, codes. Generated as `static` data,
//! read by routing, middleware and tools.

use std::time::Duration;

use crate::{Access, Fault, FaultKind, RoleDescriptor, Status};

/// One contract: the `CONTRACT` of every generated module.
#[derive(Debug)]
#[non_exhaustive]
pub struct ContractDescriptor {
    /// The name on the wire, in camelCase: `orders`.
    pub name: &'static str,
    /// A semantic version, as declared: `1.0.0`.
    pub version: &'static str,
    /// A hash of every declared shape. Equal fingerprints mean equal shapes; docs and the order of
    /// declarations do not change it.
    pub fingerprint: u64,
    /// The documentation of the module.
    pub docs: &'static str,
    /// Every request, in the order of declaration.
    pub requests: &'static [RequestDescriptor],
    /// Every event, in the order of declaration.
    pub events: &'static [EventDescriptor],
    /// Every variant of every error enum, in the order of declaration.
    pub errors: &'static [ErrorDescriptor],
    /// Every role, in the order of declaration; none where the contract declares none.
    pub roles: &'static [RoleDescriptor],
}

impl ContractDescriptor {
    /// The first number of the version: two contracts of one name are compatible when theirs agree.
    pub fn major(&self) -> &str {
        major(self.version)
    }
}

/// The first number of a version.
pub(crate) fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or_default()
}

/// One request of a contract.
#[derive(Debug)]
#[non_exhaustive]
pub struct RequestDescriptor {
    /// The name on the wire: `createOrder`.
    pub name: &'static str,
    /// The name with its contract, unique within a server: `orders/createOrder`.
    pub full_name: &'static str,
    /// The documentation of the request.
    pub docs: &'static str,
    /// Whether it is answered by a stream of items.
    pub streamed: bool,
    /// Whether its handler runs to its end once started, whoever has left.
    pub detached: bool,
    /// Whether carrying it out twice does no more than once, so that it may be sent again.
    pub idempotent: bool,
    /// How long it may take, where the contract says so: callers wait no longer unless they say
    /// otherwise, and its server ends the handler then.
    pub timeout: Option<Duration>,
    /// Who may send it.
    pub access: Access,
    /// The method of the service that is asked about each request of this kind, after `access` and
    /// before the handler, where there is one.
    pub guard: Option<&'static str>,
    /// The names on the wire, in the payload, in the reply, and in the types of the contract that
    /// they may hold, under which something is `#[sensitive]`: not for logs. An empty name stands
    /// for the whole of either.
    pub sensitive: &'static [&'static str],
    /// Where something is sensitive, the fields of the payload that hold nothing of it.
    pub shown: &'static [&'static str],
}

/// One event of a contract.
#[derive(Debug)]
#[non_exhaustive]
pub struct EventDescriptor {
    /// The name on the wire: `orderCreated`.
    pub name: &'static str,
    /// The name with its contract: `orders/orderCreated`.
    pub full_name: &'static str,
    /// The documentation of the event.
    pub docs: &'static str,
    /// Whether it is kept for readers that are not there now: see the guide on NATS.
    pub durable: bool,
    /// Who may get it: by a subscription, or unasked.
    pub subscribe: Access,
    /// Which clients may emit it. A server that announces it asks nobody.
    pub emit: Access,
    /// The names on the wire, in the event and in the types of the contract that it may hold, under
    /// which something is `#[sensitive]`: not for logs. An empty name stands for the whole of it.
    pub sensitive: &'static [&'static str],
    /// Where something is sensitive, the fields of the event that hold nothing of it.
    pub shown: &'static [&'static str],
}

/// One variant of a declared error.
#[derive(Debug)]
#[non_exhaustive]
pub struct ErrorDescriptor {
    /// What programs match on: `ORDER_NOT_FOUND`.
    pub code: &'static str,
    /// Its HTTP-like status.
    pub status: Status,
    /// The message template, its placeholders unfilled.
    pub message: &'static str,
    /// Whether the same request may succeed when sent again.
    pub retryable: bool,
    /// The documentation of the variant.
    pub docs: &'static str,
    /// Whether the variant has fields, which then travel as `details`.
    pub has_details: bool,
    /// The names on the wire, in the details and in the types of the contract that they may hold,
    /// under which something is `#[sensitive]`: not for logs. An empty name stands for the whole.
    pub sensitive: &'static [&'static str],
}

// `#[non_exhaustive]` structs cannot be written out by generated code in another crate; these
// constructors are what it calls. They are not part of the documented surface.
#[doc(hidden)]
impl ContractDescriptor {
    pub const fn declared(
        name: &'static str,
        version: &'static str,
        fingerprint: u64,
        docs: &'static str,
        requests: &'static [RequestDescriptor],
        events: &'static [EventDescriptor],
        errors: &'static [ErrorDescriptor],
    ) -> Self {
        Self { name, version, fingerprint, docs, requests, events, errors, roles: &[] }
    }

    #[must_use]
    pub const fn for_roles(self, roles: &'static [RoleDescriptor]) -> Self {
        Self { roles, ..self }
    }
}

#[doc(hidden)]
impl RequestDescriptor {
    /// What is said to whoever asks for it in the way that it is not answered.
    pub fn answered_otherwise(&self) -> Fault {
        let how = if self.streamed { "by a stream, not once" } else { "once, not by a stream" };
        Fault::new(FaultKind::ValidationFailed, format!("{} is answered {how}", self.full_name))
    }

    pub const fn declared(
        name: &'static str,
        full_name: &'static str,
        docs: &'static str,
        streamed: bool,
        detached: bool,
        idempotent: bool,
    ) -> Self {
        Self {
            name,
            full_name,
            docs,
            streamed,
            detached,
            idempotent,
            timeout: None,
            access: Access::Public,
            guard: None,
            sensitive: &[],
            shown: &[],
        }
    }

    #[must_use]
    pub const fn accessible(self, access: Access, guard: Option<&'static str>) -> Self {
        Self { access, guard, ..self }
    }

    #[must_use]
    pub const fn hiding(
        self,
        sensitive: &'static [&'static str],
        shown: &'static [&'static str],
    ) -> Self {
        Self { sensitive, shown, ..self }
    }

    #[must_use]
    pub const fn within(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }
}

#[doc(hidden)]
impl EventDescriptor {
    pub const fn declared(name: &'static str, full_name: &'static str, docs: &'static str) -> Self {
        let (subscribe, emit) = (Access::Public, Access::Public);
        Self { name, full_name, docs, durable: false, subscribe, emit, sensitive: &[], shown: &[] }
    }

    #[must_use]
    pub const fn durable(self) -> Self {
        Self { durable: true, ..self }
    }

    #[must_use]
    pub const fn accessible(self, subscribe: Access, emit: Access) -> Self {
        Self { subscribe, emit, ..self }
    }

    #[must_use]
    pub const fn hiding(
        self,
        sensitive: &'static [&'static str],
        shown: &'static [&'static str],
    ) -> Self {
        Self { sensitive, shown, ..self }
    }
}

#[doc(hidden)]
impl ErrorDescriptor {
    pub const fn declared(
        code: &'static str,
        status: u16,
        message: &'static str,
        retryable: bool,
        docs: &'static str,
        has_details: bool,
    ) -> Self {
        let status = Status::or_internal(status);
        Self { code, status, message, retryable, docs, has_details, sensitive: &[] }
    }

    /// An error is read as a whole: which of its fields hold nothing sensitive makes no difference.
    #[must_use]
    pub const fn hiding(self, sensitive: &'static [&'static str], _shown: &[&str]) -> Self {
        Self { sensitive, ..self }
    }
}
