//! A private contract may use private types.
mod inner {
    #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Secret(u32);

    magicbutton::contract!(
        #[contract(version = "1.0.0")]
        mod private {
            use super::Secret;

            struct Holder { secret: Secret }

            #[request]
            async fn tell() -> Holder;
        }
    );

    pub fn held() -> u32 {
        private::Holder { secret: Secret(5) }.secret.0
    }
}

fn main() {
    assert_eq!(inner::held(), 5);
}
