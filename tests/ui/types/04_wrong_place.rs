magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        struct Order {}

        #[contract(version = "1.0.0")]
        enum Status { Open }

        #[event]
        type Alias = u32;

        struct Fields {
            #[event]
            id: u32,
        }

        enum Variants {
            #[error(status = 404, message = "x")]
            One,
        }
    }
);

fn main() {}
