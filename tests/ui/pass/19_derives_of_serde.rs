//! serde's derives may be the user's own; an enum that is no plain name shows none.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "SCREAMING-KEBAB-CASE")]
        struct Order { order_id: u32 }

        #[serde(tag = "kind")]
        enum Tagged { One, Two }

        enum Partial { Shown, #[serde(skip)] Hidden }
    }
);

fn main() {
    let order = orders::Order { order_id: 1 };
    assert_eq!(serde_json::to_string(&order).unwrap(), r#"{"ORDER-ID":1}"#);
    let _ = (orders::Tagged::One, orders::Tagged::Two, orders::Partial::Shown, orders::Partial::Hidden);
}
