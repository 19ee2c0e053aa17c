// Both are reported, and the types that parsed are there.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Order { id: String }

        #[error]
        enum OrderError {
            #[error(status = 200, message = "fine")]
            Fine,
        }

        #[request]
        async fn get(id: &str) -> Result<Order, OrderError>;
    }
);

fn main() {
    let _ = orders::Order { id: String::new() };
    let _ = orders::OrderError::Fine;
}
