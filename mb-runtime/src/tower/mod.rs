//! Between magicbutton and tower: layers of tower as middleware, and a served contract as a service of
//! tower.

mod layer;
mod service;

pub use layer::{Layered, Passage, Rest, layer};
pub use service::{ContractService, service};
