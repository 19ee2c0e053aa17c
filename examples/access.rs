//! Documents, and who may do what with them: roles for everybody, guards for each document. The matrix is
//! not written down anywhere: it is what the running server answers to whoever asks.
//!
//! `cargo run --example access`

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{Mutex, MutexGuard, PoisonError},
};

use magicbutton::{
    Actor, Client, Context, Fault, FaultKind, Reply, Server,
    auth::{Credentials, Login, LoginError},
    contract,
};

contract!(
    #[contract(version = "1.0.0")]
    mod documents {
        #[roles]
        enum Role {
            #[grants("document:read")]
            Viewer,
            #[extends(Viewer)]
            #[grants("document:write", "document:share")]
            Editor,
            #[extends(Editor)]
            #[grants("document:*")]
            Admin,
        }

        #[event]
        #[access(subscribe = "document:read", emit = role = Admin)]
        struct Changed {
            id: String,
        }

        #[request]
        #[access(public)]
        async fn count() -> usize;

        #[request]
        #[access("document:read", guard = is_shared)]
        async fn read(id: String) -> String;

        #[request]
        #[access("document:write", guard = may_write)]
        async fn write(id: String, text: String);

        /// Lets somebody read it.
        #[request]
        #[access("document:share", guard = is_theirs)]
        async fn share(id: String, with: String);

        #[request]
        #[access("document:remove")]
        async fn remove(id: String);
    }
);

/// Who there is. Their token is their name, in this house.
const PEOPLE: [(&str, documents::Role); 4] = [
    ("vera", documents::Role::Viewer),
    ("ed", documents::Role::Editor),
    ("eva", documents::Role::Editor),
    ("ada", documents::Role::Admin),
];

#[derive(Default)]
struct Document {
    owner: String,
    readers: Vec<String>,
    text: String,
}

struct Desk(Mutex<BTreeMap<String, Document>>);

impl Desk {
    fn open(&self) -> MutexGuard<'_, BTreeMap<String, Document>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody is its owner, or an admin, to whom everything belongs.
    fn belongs(&self, cx: &Context, id: &str) -> Reply<bool> {
        let actor = cx.require_actor()?;
        let is_admin = actor.roles.contains(&documents::Role::Admin.to_string());
        Ok(is_admin || self.open().get(id).is_some_and(|document| document.owner == actor.id))
    }
}

impl documents::Service for Desk {
    async fn count(&self, _: &Context) -> Reply<usize> {
        Ok(self.open().len())
    }

    async fn is_shared(&self, cx: &Context, asked: &documents::requests::Read) -> Reply<bool> {
        let reader = &cx.require_actor()?.id;
        let is_reader = self.open().get(&asked.id).is_some_and(|it| it.readers.contains(reader));
        Ok(is_reader || self.belongs(cx, &asked.id)?)
    }

    async fn read(&self, _: &Context, id: String) -> Reply<String> {
        Ok(self.open().get(&id).map(|document| document.text.clone()).unwrap_or_default())
    }

    async fn may_write(&self, cx: &Context, asked: &documents::requests::Write) -> Reply<bool> {
        self.belongs(cx, &asked.id)
    }

    async fn write(&self, _: &Context, id: String, text: String) -> Reply<()> {
        self.open().entry(id).or_default().text = text;
        Ok(())
    }

    async fn is_theirs(&self, cx: &Context, asked: &documents::requests::Share) -> Reply<bool> {
        self.belongs(cx, &asked.id)
    }

    async fn share(&self, _: &Context, id: String, with: String) -> Reply<()> {
        self.open().entry(id).or_default().readers.push(with);
        Ok(())
    }

    async fn remove(&self, _: &Context, id: String) -> Reply<()> {
        self.open().remove(&id);
        Ok(())
    }
}

const QUESTIONS: [&str; 7] = ["count", "read", "write", "share", "remove", "hear", "announce"];

/// Asks for one thing, about Ed's plan.
async fn ask(client: &documents::Client, question: &str) -> Result<(), Fault> {
    let id = || "plan".to_owned();
    let answer = match question {
        "count" => client.count().await.map(drop),
        "read" => client.read(id()).await.map(drop),
        "write" => client.write(id(), "buy paper".into()).await,
        "share" => client.share(id(), "nobody".into()).await,
        // Another one, so that there is something left to ask about.
        "remove" => client.remove("draft".into()).await,
        "hear" => return client.subscribe::<documents::Changed>().await.map(drop),
        _ => return client.emit(documents::Changed { id: id() }).await,
    };
    answer.map_err(magicbutton::Failure::into_fault)
}

/// What the server answers to everybody, one line for each question.
async fn print_matrix(everybody: &[(&str, documents::Client)]) {
    let names: String = everybody.iter().map(|(name, _)| format!("{name:<8}")).collect();
    println!("{:<10}{}", "", names.trim_end());
    for question in QUESTIONS {
        let mut line = format!("{question:<10}");
        for (_, client) in everybody {
            let answer = match ask(client, question).await.map_err(|fault| fault.kind()) {
                Ok(()) => "yes",
                Err(FaultKind::Forbidden) => "-",
                Err(FaultKind::AuthenticationRequired) => "login",
                Err(_) => "?",
            };
            line.push_str(&format!("{answer:<8}"));
        }
        println!("{}", line.trim_end());
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let plan = Document { owner: "ed".into(), ..Document::default() };
    let desk = Desk(Mutex::new(BTreeMap::from([("plan".to_owned(), plan)])));
    let server = Server::builder()
        .serve(documents::serve(desk))
        .authenticator(|credentials| {
            let Credentials::Token(name) = credentials else {
                return Err(LoginError::InvalidCredentials);
            };
            let known = PEOPLE.into_iter().find(|(known, _)| *known == name);
            let (_, role) = known.ok_or(LoginError::InvalidToken)?;
            Ok(Login::new(Actor { roles: vec![role.to_string()], ..Actor::new(name) }))
        })
        .bind("memory://documents")
        .start()
        .await?;
    let mut everybody = vec![("nobody", documents::Client::connect("memory://documents").await?)];
    for (name, _) in PEOPLE {
        let login = Credentials::token(name);
        let client = Client::builder().login(login).connect("memory://documents").await?;
        everybody.push((name, client.typed()?));
    }

    println!("what the contract says\n\n{}", documents::CONTRACT.access_table());
    println!("what the server answers about a plan of Ed's\n");
    print_matrix(&everybody).await;
    if let Some((_, ed)) = everybody.iter().find(|(name, _)| *name == "ed") {
        ed.share("plan".into(), "vera".into()).await?;
    }
    println!("\nand when he has shared it with Vera\n");
    print_matrix(&everybody).await;
    Ok(server.stop().await?)
}
