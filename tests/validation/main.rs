//! Values held to the rules of their contract: on the server before the handler, on the client before
//! anything is sent; what is told of one that breaks them, and what is not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod events;
mod order;
mod paths;
mod replies;
mod requests;
mod secrets;
mod store;
mod vocabulary;

use magicbutton::{Failure, Fault, Reply};

/// The fault that a call ended with.
fn fault<T, E>(reply: Reply<T, E>) -> Fault {
    match reply {
        Err(Failure::Fault(fault)) => fault,
        Ok(_) => panic!("it was answered"),
        Err(Failure::Declared(_)) => panic!("a declared error"),
    }
}

/// What it says is wrong, in the order of the paths.
fn told(fault: &Fault) -> Vec<(&str, &str)> {
    let mut told: Vec<_> = fault.violations().collect();
    told.sort_unstable();
    told
}
