//! A type that has no rules.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        use super::Money;

        struct Plain {
            name: String,
        }

        #[request]
        async fn create(#[garde(dive)] price: Money, #[garde(dive)] plain: Plain);
    }
);

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Money(u32);

fn main() {}
