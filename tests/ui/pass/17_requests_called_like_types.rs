//! A payload hides a type of its name only where nobody looks for the type.
trait HasItem {
    type Item;
}

struct Out;

impl HasItem for Out {
    type Item = u32;
}

magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        use std::collections::BTreeMap as Map;

        #[request]
        async fn string(text: String) -> String;

        #[request]
        async fn vec(list: Vec<Option<Box<String>>>, option: Option<u8>) -> Vec<u8>;

        #[request]
        async fn option(map: Map<String, u8>) -> Option<u8>;

        #[request]
        async fn map(map: Map<String, <super::Out as super::HasItem>::Item>) -> ();
    }
);

fn main() {
    let _ = orders::requests::String { text: "x".into() };
    let _ = orders::requests::Map { map: [("a".to_string(), 1)].into() };
}
