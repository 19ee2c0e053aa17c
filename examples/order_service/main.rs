//! Three services hold typed conversations: orders are taken, products reserved for them, customers
//! notified. Plays `orders.json`, prints what happens and a summary, and exits with a failure if the
//! totals are off.
//!
//! `cargo run --example order_service` does so within one process, over `memory://`. In two
//! processes, only the connection string is another:
//!
//! ```text
//! cargo run --example order_service -- serve ws://127.0.0.1:9080/orders
//! cargo run --example order_service -- play ws://127.0.0.1:9080/orders
//! ```
//!
//! Over NATS, any number of programs serve together; what they keep, they keep in one folder:
//!
//! ```text
//! cargo run --example order_service -- serve nats://127.0.0.1:4222/orders /tmp/shop
//! ```

mod contract;
mod logins;
mod notifications;
mod order_service;
mod play;
mod product_service;
mod serve;
mod shop;
mod store;
mod summary;

use std::{error::Error, path::Path, process::ExitCode};

use play::Script;
use shop::Shop;

const SCRIPT: &str = include_str!("orders.json");

const USAGE: &str = "\
usage: order_service                             serves and plays, in this process
       order_service serve <endpoint> [<folder>] serves until Ctrl-C or SIGTERM
       order_service play <endpoint>             plays against servers that were just started

An endpoint is a connection string: ws://127.0.0.1:9080/orders
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        [] => within_one_process("memory://orders").await,
        ["serve", endpoint] => serve::serve(endpoint, None).await.map(|()| true),
        ["serve", endpoint, folder] => {
            serve::serve(endpoint, Some(Path::new(folder))).await.map(|()| true)
        }
        ["play", endpoint] => play::play_at(endpoint).await,
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("order_service: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn within_one_process(endpoint: &str) -> Result<bool, Box<dyn Error>> {
    let shop = Shop::open(endpoint, None).await?;
    let adds_up = play::play_at(endpoint).await?;
    shop.close().await?;
    Ok(adds_up)
}

/// What both sides read: the stock to begin with, the requests, and what should come of them.
fn script() -> Result<Script, serde_json::Error> {
    serde_json::from_str(SCRIPT)
}
