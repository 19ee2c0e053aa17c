//! A user service behind a stack of middleware: a line per message, a limit on its time, a guard, and
//! one of the program's own; another stack around its client.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use magicbutton::{
    AnyError, Client, Context, Failure, Fault, FaultKind, Message, Reply, Server, contract,
    middleware::{Deadline, Handled, Log, Next, Outcome, Trace, from_fn},
};

contract!(
    /// Who uses this system.
    #[contract(version = "1.0.0")]
    mod users {
        /// Somebody who uses this system.
        struct User {
            user_id: u32,
            name: String,
        }

        /// There is a new user.
        #[event]
        struct UserCreated {
            user_id: u32,
        }

        #[error]
        enum UserError {
            #[error(status = 404, message = "there is no user {user_id}")]
            UserNotFound { user_id: u32 },
            #[error(status = 400, message = "a name has 1 to 40 letters, not {letters}")]
            BadName { letters: usize },
        }

        /// Adds a user.
        #[request]
        async fn create_user(name: String) -> Result<User, UserError>;

        /// Who a user is.
        #[request(idempotent)]
        async fn get_user_by_id(user_id: u32) -> Result<User, UserError>;
    }
);

use users::{User, UserCreated, UserError};

#[derive(Default)]
struct Users(Mutex<HashMap<u32, User>>);

impl users::Service for Users {
    async fn create_user(&self, cx: &Context, name: String) -> Reply<User, UserError> {
        let user = {
            let mut users = self.0.lock().map_err(|_| Fault::internal("a user was lost"))?;
            let user_id = u32::try_from(users.len()).map_err(Fault::internal)? + 1;
            users.entry(user_id).or_insert(User { user_id, name }).clone()
        };
        cx.broadcast(UserCreated { user_id: user.user_id }).await?;
        Ok(user)
    }

    async fn get_user_by_id(&self, _: &Context, user_id: u32) -> Reply<User, UserError> {
        let users = self.0.lock().map_err(|_| Fault::internal("a user was lost"))?;
        Ok(users.get(&user_id).cloned().ok_or(UserError::UserNotFound { user_id })?)
    }
}

/// Answers by itself, with an error of the contract, instead of passing the message on.
async fn check_name(message: Message, next: Next) -> Handled {
    let request = message.body().decode_shared::<users::requests::CreateUser>();
    let letters = request.map_err(Fault::internal)?.name.chars().count();
    if (1..=40).contains(&letters) {
        return next.run(message).await;
    }
    Err(Failure::Declared(AnyError::new(UserError::BadName { letters })))
}

/// Lets nobody in who does not say for which tenant.
async fn ask_for_tenant(message: Message, next: Next) -> Handled {
    if message.context().metadata("tenant").is_none() {
        return Err(Fault::new(FaultKind::Forbidden, "say for which tenant").into());
    }
    next.run(message).await
}

/// Changes what passes on its way out and looks at what comes back.
async fn add_tenant(mut message: Message, next: Next) -> Handled {
    message.context_mut().set_metadata("tenant", "acme");
    let handled = next.run(message).await;
    if let Ok(Outcome::Reply(_)) = &handled {
        println!("client: it worked");
    }
    handled
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // From top to bottom, outermost first.
    let server = Server::builder()
        .middleware(Trace::new())
        .middleware(Log::to(|line| println!("server: {line}")))
        .middleware(Deadline::new(Duration::from_secs(2)))
        .serve(
            users::serve(Users::default())
                .middleware_for_request::<users::requests::GetUserById>(from_fn(ask_for_tenant))
                .middleware_for_request::<users::requests::CreateUser>(from_fn(ask_for_tenant))
                .middleware_for_request::<users::requests::CreateUser>(from_fn(check_name)),
        )
        .bind("memory://users?codec=json")
        .start()
        .await?;

    let client = Client::builder()
        .id("web-7")
        .middleware_for_request::<users::requests::CreateUser>(from_fn(add_tenant))
        .middleware_for_request::<users::requests::GetUserById>(from_fn(add_tenant))
        .connect("memory://users?codec=json")
        .await?;
    let users: users::Client = client.typed()?;

    let ada = users.create_user("Ada".into()).await?;
    println!("client: {ada:?}");
    println!("client: {:?}", users.get_user_by_id(ada.user_id).await?);
    for reply in [users.get_user_by_id(99).await, users.create_user(String::new()).await] {
        println!("client: {}", reply.err().map_or_else(String::new, |error| error.to_string()));
    }
    // Another client of the same server, without the middleware.
    let bare = users::Client::connect("memory://users?codec=json").await?;
    let refused = bare.get_user_by_id(ada.user_id).await;
    println!("another client: {}", refused.err().map_or_else(String::new, |e| e.to_string()));
    Ok(server.stop().await?)
}
