//! Names that cannot be a role's on the wire.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[roles]
        #[serde(rename_all = "camelCase")]
        enum Role {
            Kunde,
            #[serde(rename = "field clerk")]
            Clerk,
            #[serde(alias = "boss")]
            Admin,
            Prüfer,
        }

        #[request]
        #[access(public)]
        async fn create();
    }
);

fn main() {}
