//! Rules where the feature `validate` is off: as the macro is called there.
mb_runtime::__private::contract! { (::mb_runtime::__private::v1)
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Item {
            name: String,
        }

        #[request]
        async fn create(item: Item, #[garde(length(min = 1))] customer_id: String);

        #[event]
        struct Created {
            #[garde(ascii)]
            order_id: String,
        }
    }
}

fn main() {}
