//! serde's paths in text mean what they mean outside.
fn five() -> u32 {
    5
}

impl orders::Limits {
    fn most() -> u32 {
        9
    }
}

magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn create(
            #[serde(default = "super::five")] count: u32,
            #[serde(default = "self::Limits::most")] most: u32,
        ) -> u32;

        struct Limits {}
    }
);

fn main() {
    let request: orders::requests::Create = serde_json::from_str("{}").unwrap();
    assert_eq!((request.count, request.most), (5, 9));
}
