//! `pub` is allowed, and never needed.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        pub struct Order { pub id: u32 }

        pub enum Status { Open }

        #[event]
        pub struct Created { pub id: u32 }

        #[request]
        pub async fn create() -> Order;
    }
);

fn main() {
    let order = orders::Order { id: 1 };
    let created = orders::Created { id: order.id };
    assert_eq!(orders::Status::Open.to_string(), "open");
    assert_eq!(orders::Event::from(created.clone()), orders::Event::Created(created.into()));
}
