//! Types may be written in any way that resolves in the contract.
mod elsewhere {
    #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct Money(pub u64);
}

magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        use super::elsewhere::{self, Money};
        use std::collections::BTreeMap;

        type Prices = BTreeMap<String, Money>;

        struct Page<T> { items: Vec<T>, next: Option<Box<Page<T>>> }

        #[request]
        async fn prices(
            day: (u16, u8, u8),
            grid: [[u8; 2]; 3],
            money: super::elsewhere::Money,
            own: self::Prices,
            absolute: ::std::string::String,
            list_prices: Option<Page<elsewhere::Money>>,
        ) -> Page<Prices>;

        #[request]
        async fn page(page: Page<u8>) -> Result<(), Refused>;

        #[error]
        enum Refused {
            #[error(status = 400, message = "x")]
            No,
        }
    }
);

fn main() {
    let page = orders::Page { items: vec![1], next: None };
    let _ = orders::requests::Page { page };
}
