//! Two roles of one name on the wire.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[roles]
        enum Role {
            FieldClerk,
            #[serde(rename = "field-clerk")]
            Clerk,
        }

        #[request]
        #[access(public)]
        async fn create();
    }
);

fn main() {}
