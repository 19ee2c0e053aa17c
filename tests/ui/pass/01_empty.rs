//! A contract may be empty.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod nothing {}
);

struct Service;

impl nothing::Service for Service {}

fn main() {
    let client = nothing::Client::in_process(Service);
    assert_eq!(client.client().server_id().as_deref(), Some("in-process"));
    assert_eq!(nothing::CONTRACT.requests.len(), 0);
}
