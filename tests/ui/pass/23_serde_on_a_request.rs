//! What serde is told of a request holds for its payload.
#![allow(non_snake_case)]

#[derive(serde::Deserialize)]
struct Raw {
    link: u32,
}

impl From<Raw> for orders::requests::Create {
    fn from(raw: Raw) -> Self {
        Self { link: raw.link, _id: 0, userID: 1, user_id: 2 }
    }
}

magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        #[serde(from = "super::Raw")]
        async fn create(#[serde(rename = "self::link")] link: u32, _id: u32, userID: u32, user_id: u32);
    }
);

fn main() {
    let request: orders::requests::Create = serde_json::from_str(r#"{"link":5}"#).unwrap();
    let wire = r#"{"self::link":5,"id":0,"userID":1,"userId":2}"#;
    assert_eq!(serde_json::to_string(&request).unwrap(), wire);
}
