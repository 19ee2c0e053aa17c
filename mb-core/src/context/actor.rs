//! Who acts, and what a sender says about it.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Context;

/// On whose behalf a message is sent, as its sender says.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Auth {
    /// A token that a server can verify. Never shown by `Debug`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Who a verified token says is acting. A server believes a client about this only where that has
    /// logged in as a gateway: see [`Actor::ACT_FOR`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
}

/// Somebody who acts: a user, a service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Actor {
    /// Who it is.
    pub id: String,
    /// What it is: `user`, `service`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The roles it has, in kebab-case.
    pub roles: Vec<String>,
    /// What it may do: `order:read`.
    pub permissions: Vec<String>,
    /// What else whoever knows it says of it: its tenant, its name. No rule looks at this.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
}

impl Actor {
    /// The permission of a gateway: whoever has it among its own
    /// [`permissions`](Self::permissions) may send requests and events as somebody else, whom it names
    /// with [`Context::act_for`]. Only an authenticator gives it: no role of a contract does, nor `*:*`.
    pub const ACT_FOR: &str = "magicbutton:act-for";

    /// Somebody of this id: a `user` with no roles.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), kind: "user".to_owned(), ..Self::default() }
    }

    /// One entry of what else is known of it.
    pub fn metadata(&self, key: &str) -> Option<&Value> {
        self.metadata.get(key)
    }
}

impl Context {
    /// Who is acting. In a handler: who has logged in on the connection that the message came over,
    /// as the server's authenticator has it, or whom a [gateway](Self::gateway) acts for, and nobody
    /// else that a client names. Elsewhere: whom this program named itself.
    pub fn actor(&self) -> Option<&Actor> {
        match &self.actor {
            Some(actor) => Some(actor),
            None if self.is_view() => None,
            None => self.claimed_actor(),
        }
    }

    /// In a handler: the gateway that sent the message for the [actor](Self::actor). `None` where the
    /// actor is logged in on the connection itself.
    pub fn gateway(&self) -> Option<&Actor> {
        self.gateway.as_deref()
    }

    /// Says for whom a message is sent. The server believes it of a connection on which somebody is
    /// logged in who has [`Actor::ACT_FOR`], and of no other.
    #[must_use]
    pub fn act_for(self, actor: Actor) -> Self {
        self.with_auth(Auth { token: None, actor: Some(actor) })
    }

    /// Whom the sender names, believed or not.
    #[doc(hidden)]
    pub fn claimed_actor(&self) -> Option<&Actor> {
        self.written.get()?.auth.as_ref()?.actor.as_ref()
    }
}

/// The token stays hidden.
impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(|_| crate::Hidden);
        f.debug_struct("Auth").field("token", &token).field("actor", &self.actor).finish()
    }
}
