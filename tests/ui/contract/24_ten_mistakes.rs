//! Ten independent mistakes are ten errors.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Broken { id String }
        const LIMIT: u32 = 1;
        struct Client {}
        pub(crate) struct Hidden {}
        #[event]
        struct Tuple(u32);
        #[error]
        enum Refused {
            #[error(status = 200, message = "x")]
            Fine,
            #[error(status = 400, message = "{nothing}")]
            Empty,
        }
        #[request]
        async fn get(&self);
        #[request(detatched)]
        async fn put(id: String);
        async fn bare();
    }
);

fn main() {
    let _ = (orders::Hidden {}, orders::Refused::Fine, orders::requests::Put { id: String::new() });
}
