//! A chat over WebSocket: rooms, events to everybody and to some, history as a stream, and a server
//! that asks its clients something: whether they accept an invitation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::stream;
use magicbutton::{Client, Context, Endpoint, Fault, Reply, Server, Stream, contract};

contract!(
    /// What the house offers.
    #[contract(version = "1.0.0")]
    mod chat {
        /// Somebody is in a room: told to everybody.
        #[event]
        struct Joined {
            room: String,
            name: String,
        }

        /// Somebody said something: told to those who are in the room.
        #[event]
        struct Said {
            room: String,
            name: String,
            text: String,
        }

        #[request]
        async fn join(room: String);
        #[request]
        async fn say(room: String, text: String);
        /// Asks somebody to join, and says whether they do.
        #[request]
        async fn invite(room: String, name: String) -> bool;
        /// Everything that was said in a room.
        #[request]
        fn history(room: String) -> impl Stream<Item = Said>;
    }
);

contract!(
    /// What a client offers the house.
    #[contract(version = "1.0.0")]
    mod ui {
        /// Asks the person at the screen.
        #[request]
        async fn accepts(room: String, from: String) -> bool;
    }
);

#[derive(Default)]
struct House {
    screens: Mutex<BTreeMap<String, ui::Client>>,
    rooms: Mutex<BTreeMap<String, BTreeSet<String>>>,
    said: Mutex<Vec<chat::Said>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl House {
    async fn let_in(&self, cx: &Context, room: String, name: String) -> Result<(), Fault> {
        lock(&self.rooms).entry(room.clone()).or_default().insert(name.clone());
        cx.broadcast(chat::Joined { room, name }).await
    }
}

impl chat::Service for House {
    async fn join(&self, cx: &Context, room: String) -> Reply<()> {
        let caller = cx.require_caller()?;
        // The way back to this client, for later.
        lock(&self.screens).insert(caller.id().to_owned(), caller.client()?);
        Ok(self.let_in(cx, room, caller.id().to_owned()).await?)
    }

    async fn say(&self, cx: &Context, room: String, text: String) -> Reply<()> {
        let said = chat::Said { room, name: cx.require_caller()?.id().to_owned(), text };
        let members = lock(&self.rooms).get(&said.room).cloned().unwrap_or_default();
        lock(&self.said).push(said.clone());
        for member in members {
            // One who has left does not keep the others from hearing it.
            let _ = cx.send_to(&member, said.clone()).await;
        }
        Ok(())
    }

    async fn invite(&self, cx: &Context, room: String, name: String) -> Reply<bool> {
        let Some(screen) = lock(&self.screens).get(&name).cloned() else { return Ok(false) };
        let comes = screen.accepts(room.clone(), cx.require_caller()?.id().to_owned()).await?;
        if comes {
            self.let_in(cx, room, name).await?;
        }
        Ok(comes)
    }

    fn history(&self, _: &Context, room: String) -> impl Stream<Item = Reply<chat::Said>> + Send {
        let said = lock(&self.said).clone().into_iter().filter(move |said| said.room == room);
        stream::iter(said.map(Ok))
    }
}

/// Somebody who goes everywhere but to one room.
struct Screen(&'static str, &'static str);

impl ui::Service for Screen {
    async fn accepts(&self, _: &Context, room: String, from: String) -> Reply<bool> {
        println!("{} is asked: {from} invites you to the {room}, will you come?", self.0);
        Ok(room != self.1)
    }
}

async fn enter(at: &Endpoint, name: &'static str, avoids: &'static str) -> Reply<chat::Client> {
    let client = Client::builder().id(name).serve(ui::serve(Screen(name, avoids)));
    let client: chat::Client = client.connect(at).await?.typed()?;
    client.join("hall".into()).await?;
    Ok(client)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder().serve(chat::serve(House::default()));
    let server = server.bind("ws://127.0.0.1:0/chat").start().await?;
    let at = server.endpoints().first().ok_or("nobody listens")?;
    let ada = enter(at, "ada", "").await?;
    let ben = enter(at, "ben", "").await?;
    let cat = enter(at, "cat", "attic").await?;
    let mut joined = cat.subscribe::<chat::Joined>().await?;
    let mut heard = ben.subscribe::<chat::Said>().await?;

    ada.join("attic".into()).await?;
    let event = joined.next().await.ok_or("the server has left")?;
    println!("cat hears: {} is in the {}", event.name, event.room);
    for name in ["ben", "cat", "dan"] {
        let comes = ada.invite("attic".into(), name.into()).await?;
        println!("ada hears: {name} {}", if comes { "comes" } else { "does not come" });
    }
    for text in ["it is cold up here", "shall we go down again?"] {
        ada.say("attic".into(), text.into()).await?;
        let said = heard.next().await.ok_or("the server has left")?;
        println!("ben hears: {} says in the {}: {}", said.name, said.room, said.text);
    }
    let mut history = cat.history("attic".into());
    while let Some(said) = history.next().await {
        println!("cat reads: {}", said?.text);
    }
    Ok(server.stop().await?)
}
