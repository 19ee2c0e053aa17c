//! A server: a queue group for its requests, one bus for what it announces, an entry for each client
//! that has joined.

mod back;
mod bearers;
mod binding;
mod bus;
mod clients;
mod discovery;
mod driver;
mod logins;
mod places;
mod station;
mod stats;
mod subscribe;

pub(crate) use binding::bind;
pub(crate) use stats::Endpoint;
