magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn by_reference(&self);

        #[request]
        async fn by_value(mut self: Box<Self>);
    }
);

fn main() {}
