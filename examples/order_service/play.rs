//! Plays a file of requests against the order service, as its log would have recorded them, and
//! counts what comes back. Some are wrong on purpose.

use std::{collections::BTreeMap, error::Error};

use futures_util::future::join_all;
use magicbutton::{Body, Client, Failure, Fault, Reply};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    contract::{
        orders::{self, Order, OrderStatus, Role},
        products::{self, Product},
    },
    logins::credentials,
    notifications::Notifications,
    script, summary,
};

/// The example's input.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Script {
    pub stock: Vec<Product>,
    pub steps: Vec<Step>,
    pub expect: Expected,
}

/// Requests that are sent at the same time, by somebody of one role.
#[derive(Deserialize)]
pub struct Step {
    note: String,
    #[serde(rename = "as", default = "customer")]
    role: Role,
    requests: Vec<Value>,
}

fn customer() -> Role {
    Role::Customer
}

/// What the author of the file has counted by hand.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub struct Expected {
    pub placed: u32,
    pub shipped: u32,
    pub cancelled: u32,
    pub rejected: BTreeMap<String, u32>,
}

/// What has happened.
#[derive(Default)]
pub struct Played {
    pub placed: u32,
    pub shipped: u32,
    pub cancelled: u32,
    /// Changes of status that went through, cancellations included.
    pub changed: u32,
    pub rejected: BTreeMap<String, u32>,
    /// Every order, as it was last seen.
    pub orders: BTreeMap<String, Order>,
}

/// Plays the file over one connection, on which both services are called and orders announced.
/// Prints what happens, and says whether everything adds up.
pub async fn play_at(endpoint: &str) -> Result<bool, Box<dyn Error>> {
    let script = script()?;
    let login = credentials(Role::Customer);
    let client = Client::builder().login(login).connect(endpoint).await?;
    let orders: orders::Client = client.typed()?;
    let products: products::Client = client.typed()?;
    if !script.is_where_it_begins(&products.list().await?) {
        return Err("somebody has ordered here before: the totals of the file are those of a \
                    server that was just started, so start a new one, with an empty folder if it \
                    has one"
            .into());
    }
    let notifications = Notifications::start(&orders).await?;
    let played = play(&script, &orders).await?;
    let sent = notifications.finish().await;
    let stock = products.list().await?;
    client.disconnect().await;
    Ok(summary::report(&script, &played, sent, &stock))
}

impl Script {
    /// Whether nothing has been sold yet.
    fn is_where_it_begins(&self, stock: &[Product]) -> bool {
        self.stock.len() == stock.len() && self.stock.iter().all(|product| stock.contains(product))
    }
}

async fn play(script: &Script, orders: &orders::Client) -> Result<Played, Fault> {
    let mut played = Played::default();
    for step in &script.steps {
        println!("{}", step.note);
        orders.client().login(credentials(step.role)).await?;
        let answers = join_all(step.requests.iter().map(|request| send(orders, request))).await;
        for (request, answer) in step.requests.iter().zip(answers) {
            played.note(request, answer);
        }
        // Lets the notification service speak, so that the log reads in order.
        tokio::task::yield_now().await;
    }
    Ok(played)
}

/// Sends a request of the log. One that is not of the contract is sent all the same, to see what
/// the server says about it.
async fn send(orders: &orders::Client, request: &Value) -> Reply<Order, orders::Error> {
    let body = match orders::Request::deserialize(request) {
        Ok(request) => orders.send(request).await?,
        Err(_) => {
            let name = request["requestType"].as_str().unwrap_or_default();
            let body = Body::new(request["payload"].clone());
            let answer = orders.client().call_raw(name, body).await;
            answer.map_err(|failure| match failure {
                Failure::Declared(error) => error.resolve(),
                Failure::Fault(fault) => fault.into(),
            })?
        }
    };
    body.decode().map_err(|error| Fault::internal(error).into())
}

impl Played {
    fn note(&mut self, request: &Value, answer: Reply<Order, orders::Error>) {
        let name = request["requestType"].as_str().unwrap_or_default();
        match answer {
            Ok(order) => {
                println!("  ok     {name} -> {} {}", order.order_id, order.status);
                self.count(name, &order);
                self.orders.insert(order.order_id.clone(), order);
            }
            Err(failure) => {
                println!("  no     {name} -> {}: {}", failure.code(), text(&failure));
                *self.rejected.entry(failure.code().to_owned()).or_default() += 1;
            }
        }
    }

    fn count(&mut self, name: &str, order: &Order) {
        match name {
            "createOrder" => self.placed += 1,
            "updateOrderStatus" | "cancelOrder" => self.changed += 1,
            _ => return,
        }
        self.shipped += u32::from(name != "createOrder" && order.status == OrderStatus::Shipped);
        self.cancelled += u32::from(order.status == OrderStatus::Cancelled);
    }

    /// How many of a product are in orders that were not cancelled.
    pub fn sold(&self, product_id: &str) -> u32 {
        let kept = self.orders.values().filter(|order| order.status != OrderStatus::Cancelled);
        let items = kept.flat_map(|order| &order.items);
        items.filter(|item| item.product_id == product_id).map(|item| item.quantity).sum()
    }
}

fn text(failure: &Failure<orders::Error>) -> String {
    match failure {
        Failure::Declared(error) => error.to_string(),
        Failure::Fault(fault) => fault.message().to_owned(),
    }
}
