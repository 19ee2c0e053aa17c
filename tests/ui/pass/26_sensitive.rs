//! Something sensitive wherever it may be: under generics, keywords, names of the expansion's own, in
//! a contract without a prelude.
#![no_implicit_prelude]
#![deny(warnings)]

::magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod vault {
        use ::std::string::String;

        struct Card<T: ::core::clone::Clone>
        where
            T: ::core::marker::Send,
        {
            holder: T,
            #[sensitive]
            r#type: String,
            f: [u8; 2],
        }

        struct Pin(#[sensitive] String, u32);

        /// Not a value of it is shown.
        #[derive(Eq)]
        #[serde(rename_all_fields = "kebab-case")]
        enum Proof {
            None,
            Password(u8, #[sensitive] String),
            #[serde(rename_all = "UPPERCASE")]
            Key {
                #[sensitive]
                key_id: String,
                field_0: u8,
            },
            Badge {
                #[sensitive]
                badge_id: String,
                #[serde(rename = "No", alias = "number")]
                #[sensitive]
                no: u8,
            },
        }

        #[event]
        struct Opened {
            /// Not for logs.
            #[sensitive]
            f: String,
        }

        #[error]
        enum VaultError {
            #[error(status = 401, message = "refused at {f}")]
            Refused {
                f: u32,
                #[sensitive]
                tried: String,
            },
        }

        #[request]
        async fn open(
            #[sensitive] f: String,
            #[sensitive]
            #[serde(default)]
            card: Card<u8>,
            proof: Proof,
        ) -> Result<Pin, VaultError>;

        #[request]
        fn watch(#[sensitive] r#type: String) -> impl Stream<Item = Opened>;
    }
);

impl ::std::default::Default for vault::Card<u8> {
    fn default() -> Self {
        Self { holder: 1, r#type: ::std::string::String::new(), f: [0; 2] }
    }
}

fn main() {
    let card: vault::Card<u8> = ::std::default::Default::default();
    ::std::assert_eq!(::std::format!("{card:?}"), "Card { holder: 1, type: ***, f: [0, 0] }");
    let proof = vault::Proof::Key { key_id: ::std::string::String::new(), field_0: 3 };
    ::std::assert_eq!(::std::format!("{proof:?}"), "Key { key_id: ***, field_0: 3 }");
    let names = ["KEY_ID", "No", "badge-id", "card", "f", "number", "proof", "type"];
    let open = &vault::CONTRACT.requests[0].sensitive;
    ::std::assert_eq!(open[1..], names, "the reply has no name");
    ::std::assert_eq!(vault::CONTRACT.requests[1].sensitive, ["f", "type"]);
}
