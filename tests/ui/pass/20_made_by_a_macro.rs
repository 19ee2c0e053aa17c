//! What a macro of the user's passes on is read like what is written.
macro_rules! service {
    ($version:literal, $reply:ty, $error:ident) => {
        magicbutton::contract!(
            #[contract(version = $version)]
            mod made {
                #[error]
                enum $error {
                    #[error(status = 400, message = "x")]
                    No,
                }

                #[request]
                async fn get() -> $reply;

                #[request]
                fn watch() -> impl Stream<Item = $reply>;
            }
        );
    };
}

service!("1.2.3", Result<u32, Refused>, Refused);

struct Made;

impl made::Service for Made {
    async fn get(&self, _: &magicbutton::Context) -> magicbutton::Reply<u32, made::Refused> {
        Err(made::Refused::No)?
    }

    fn watch(
        &self,
        _: &magicbutton::Context,
    ) -> impl magicbutton::Stream<Item = magicbutton::Reply<u32, made::Refused>> + Send {
        futures_util::stream::iter([Ok(1)])
    }
}

fn main() {
    assert_eq!(made::CONTRACT.version, "1.2.3");
    let _ = made::Client::in_process(Made);
}
