//! The smallest whole thing: a contract, its service, a client, and one event.

use magicbutton::{Context, Reply, Server, contract};

contract!(
    /// Greets people.
    #[contract(version = "1.0.0")]
    mod greeter {
        /// Somebody was greeted.
        #[event]
        struct Greeted {
            name: String,
        }

        /// Says hello.
        #[request]
        async fn hello(name: String) -> String;
    }
);

struct Greeter;

impl greeter::Service for Greeter {
    async fn hello(&self, cx: &Context, name: String) -> Reply<String> {
        cx.broadcast(greeter::Greeted { name: name.clone() }).await?;
        Ok(format!("Hello, {name}!"))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server =
        Server::builder().serve(greeter::serve(Greeter)).bind("memory://hello").start().await?;
    let greeter = greeter::Client::connect("memory://hello").await?;
    let mut greeted = greeter.subscribe::<greeter::Greeted>().await?;
    println!("{}", greeter.hello("World".into()).await?);
    println!("greeted: {:?}", greeted.next().await.map(|event| event.name.clone()));
    Ok(server.stop().await?)
}
