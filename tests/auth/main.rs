//! Who somebody is: users with passwords, JSON Web Tokens, sessions that are renewed, gateways,
//! authorizers, and what attackers try.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod attacks;
mod authorizer;
#[path = "../common/by_hand.rs"]
mod by_hand;
mod gateway;
mod jwt;
mod logouts;
mod sessions;
mod throttle;
mod tokens;
mod users;
#[path = "../common/wire.rs"]
mod wire;

use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use magicbutton::{
    Client, Context, DeclaredError, Failure, FaultKind, Reply, Server, ServerBuilder, Stream,
    auth::{Credentials, Login, LoginError},
    contract,
};

contract!(
    /// Gold, and who gets near it.
    #[contract(version = "1.0.0")]
    mod vault {
        #[roles]
        enum Role {
            #[grants("gold:read")]
            Reader,
            #[extends(Reader)]
            #[grants("gold:*")]
            Keeper,
        }

        #[event]
        #[access(subscribe = "gold:read", emit = "gold:move")]
        struct Moved {
            what: String,
        }

        #[event]
        #[access(public)]
        struct Hint {
            what: String,
        }

        #[request]
        #[access(public)]
        async fn hours() -> String;

        /// Who the server takes the caller for, and through whom.
        #[request]
        #[access(authenticated)]
        async fn whoami() -> String;

        #[request]
        #[access("gold:read")]
        async fn read() -> u32;

        #[request]
        #[access("gold:move")]
        async fn shift() -> u32;

        #[request]
        #[access("gold:read", guard = is_day)]
        async fn weigh() -> u32;

        #[request]
        #[access("gold:read")]
        fn watch() -> impl Stream<Item = u32>;

        /// Says something to one client.
        #[request]
        #[access(authenticated)]
        async fn tell(client_id: String);
    }
);

struct Vault;

/// `ann`, or `ann by gate`; with the tenant, where there is one.
fn who(cx: &Context) -> String {
    let Some(actor) = cx.actor() else { return "-".to_owned() };
    let tenant = actor.metadata("tenant").and_then(|tenant| tenant.as_str());
    let tenant = tenant.map(|tenant| format!("@{tenant}")).unwrap_or_default();
    let gateway = cx.gateway().map(|gateway| format!(" by {}", gateway.id)).unwrap_or_default();
    format!("{}{tenant}{gateway}", actor.id)
}

impl vault::Service for Vault {
    async fn hours(&self, cx: &Context) -> Reply<String> {
        Ok(who(cx))
    }

    async fn whoami(&self, cx: &Context) -> Reply<String> {
        Ok(who(cx))
    }

    async fn read(&self, _: &Context) -> Reply<u32> {
        Ok(1)
    }

    async fn shift(&self, _: &Context) -> Reply<u32> {
        Ok(2)
    }

    async fn is_day(&self, _: &Context, _: &vault::requests::Weigh) -> Reply<bool> {
        Ok(false)
    }

    async fn weigh(&self, _: &Context) -> Reply<u32> {
        Ok(3)
    }

    fn watch(&self, _: &Context) -> impl Stream<Item = Reply<u32>> + Send {
        futures_util::stream::iter([Ok(1)]).chain(futures_util::stream::pending())
    }

    async fn tell(&self, cx: &Context, client_id: String) -> Reply<()> {
        let what = who(cx);
        Ok(cx.send_to(&client_id, vault::Hint { what }).await?)
    }
}

/// `yes`, or the code of what it was refused with.
fn told<T, E: DeclaredError>(reply: Reply<T, E>) -> String {
    match reply {
        Ok(_) => "yes".to_owned(),
        Err(Failure::Fault(fault)) if fault.kind() == FaultKind::AuthenticationRequired => {
            "A".into()
        }
        Err(Failure::Fault(fault)) if fault.kind() == FaultKind::Forbidden => "F".into(),
        Err(Failure::Fault(fault)) => fault.code().to_owned(),
        Err(Failure::Declared(error)) => error.to_string(),
    }
}

fn serving() -> ServerBuilder {
    Server::builder().serve(vault::serve(Vault))
}

/// The ways to a server that is bound to memory first, and then to a port.
fn ways(server: &Server) -> [String; 2] {
    [server.endpoints()[0].to_string(), server.endpoints()[1].to_string()]
}

async fn log_in(way: &str, credentials: Credentials) -> vault::Client {
    let client = Client::connect(way).await.unwrap();
    client.login(credentials).await.unwrap();
    client.typed().unwrap()
}

/// What an authenticator was asked, and what it says: whoever's password is their name is let in.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn authenticator(
        &self,
        actor: impl Fn(&str) -> Login + Send + Sync + 'static,
    ) -> impl Fn(Credentials) -> Result<Login, LoginError> + Send + Sync + 'static {
        let asked = self.clone();
        move |credentials| {
            let (name, proof) = match credentials {
                Credentials::Password { username, password } => (username, password),
                Credentials::Token(token) => {
                    (token.trim_start_matches("t-").to_owned(), token.replace("t-", ""))
                }
                _ => return Err(LoginError::InvalidCredentials),
            };
            asked.0.lock().unwrap().push(name.clone());
            if name == proof { Ok(actor(&name)) } else { Err(LoginError::InvalidCredentials) }
        }
    }
}
