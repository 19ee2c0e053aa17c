//! serde's own attributes pass through.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[serde(transparent)]
        struct Wrapper { inner: u32 }

        #[serde(tag = "kind")]
        enum Tagged { One { value: u32 }, Two }

        #[serde(untagged)]
        enum Untagged { Number(u32), Text(String) }

        struct Flat {
            #[serde(flatten)]
            tagged: Tagged,
            #[serde(skip_serializing_if = "Option::is_none", default)]
            note: Option<String>,
        }

        #[request]
        async fn all(#[serde(alias = "w")] wrapper: Wrapper, flat: Flat) -> Untagged;
    }
);

fn main() {
    let flat = orders::Flat { tagged: orders::Tagged::One { value: 1 }, note: None };
    let _ = orders::requests::All { wrapper: orders::Wrapper { inner: 1 }, flat };
}
