//! Names that are keywords lose their `r#` on the wire.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Order { r#type: String, r#match: u32 }

        enum Kind { r#Loop }

        #[error]
        enum Refused {
            #[error(status = 400, message = "no {type}, {match:?}")]
            No { r#type: String, r#match: u32 },
        }

        #[request]
        async fn r#move(r#type: String, r#fn: u32) -> Order;
    }
);

struct Orders;

impl orders::Service for Orders {
    async fn r#move(
        &self,
        _: &magicbutton::Context,
        r#type: String,
        r#fn: u32,
    ) -> magicbutton::Reply<orders::Order> {
        Ok(orders::Order { r#type, r#match: r#fn })
    }
}

fn main() {
    assert_eq!(orders::CONTRACT.requests[0].full_name, "orders/move");
    let refused = orders::Refused::No { r#type: "x".into(), r#match: 1 };
    assert_eq!(refused.to_string(), "no x, 1");
    let client = orders::Client::in_process(Orders);
    let _ = client.r#move("x".into(), 1);
}
