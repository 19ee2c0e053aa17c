//! An argument may have a type of the same name as the payload.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct CreateOrder { id: String }

        #[request]
        async fn create_order(order: CreateOrder, all: Vec<CreateOrder>) -> CreateOrder;
    }
);

fn main() {
    let order = orders::CreateOrder { id: "o-1".into() };
    let request = orders::requests::CreateOrder { order: order.clone(), all: vec![order] };
    let _: orders::CreateOrder = request.order;
}
