//! Rules where nothing is held to them.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[garde(ascii)]
        type Name = String;

        enum Status {
            #[garde(skip)]
            Open,
            Closed(#[garde(ascii)] String),
        }

        #[error]
        enum OrderError {
            #[error(status = 404, message = "{name} not found")]
            NotFound {
                #[garde(ascii)]
                name: String,
            },
        }

        #[garde(length(min = 1))]
        struct Item {
            name: String,
        }

        #[request]
        #[garde(range(min = 1))]
        async fn create(name: Name);
    }
);

fn main() {}
