magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        fn watch() -> impl Stream<Item = >;

        #[request]
        fn after() -> impl Stream<Item = u32>;
    }
);

fn call(client: &orders::Client) {
    let _ = client.after();
}

fn main() {
    let _ = call;
}
