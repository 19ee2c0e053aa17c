//! Everything that access rules may say.
#![deny(warnings)]
use magicbutton::{Context, Reply, Stream, contract};

contract!(
    #[contract(version = "1.0.0")]
    pub mod library {
        /// Who there is.
        #[roles]
        #[derive(Copy, Eq, Hash)]
        enum Role {
            #[grants("book:read")]
            Reader,
            #[extends(Reader)]
            #[grants("book:*", "shelf:move")]
            HeadLibrarian,
            #[extends(HeadLibrarian, Reader)]
            #[grants("*:*")]
            #[serde(rename = "boss")]
            Owner,
            /// Is granted nothing.
            Guest,
        }

        /// A role may travel.
        struct Card {
            role: Role,
            r#type: u32,
        }

        #[event]
        #[access("book:read")]
        struct Lent {}

        #[event]
        #[access(subscribe = any("book:read", role = Owner), emit = all(role = HeadLibrarian, "book:lend",))]
        struct Moved {}

        #[event]
        #[access(subscribe = public, emit = authenticated)]
        struct Asked {}

        #[request]
        #[access(public)]
        async fn opening_hours() -> Card;

        #[request(detached)]
        #[access("book:lend", guard = r#type)]
        async fn lend(cx: String, request: u32, run: u8, service: u8) -> bool;

        #[request(timeout = "5s")]
        #[access(guard = is_open, public)]
        async fn ask();

        #[request]
        #[access(any(all("book:read", "shelf:move"), role = Owner), guard = may_watch)]
        fn watch(cx: String) -> impl Stream<Item = String>;
    }
);

contract!(
    #[contract(version = "1.0.0")]
    mod without_roles {
        #[request]
        #[access(public)]
        async fn open();

        #[request]
        #[access(authenticated)]
        async fn closed();

        #[request]
        async fn unsaid();

        #[event]
        #[access(subscribe = public, emit = authenticated)]
        struct Happened {}
    }
);

struct Library;

impl library::Service for Library {
    async fn opening_hours(&self, _: &Context) -> Reply<library::Card> {
        Ok(library::Card { role: library::Role::Owner, r#type: 1 })
    }

    async fn r#type(&self, _: &Context, request: &library::requests::Lend) -> Reply<bool> {
        Ok(request.cx.is_empty())
    }

    async fn lend(&self, _: &Context, _: String, _: u32, _: u8, _: u8) -> Reply<bool> {
        Ok(true)
    }

    async fn is_open(&self, _: &Context, _: &library::requests::Ask) -> Reply<bool> {
        Ok(true)
    }

    async fn ask(&self, _: &Context) -> Reply<()> {
        Ok(())
    }

    async fn may_watch(&self, cx: &Context, request: &library::requests::Watch) -> Reply<bool> {
        Ok(cx.require_actor()?.id == request.cx)
    }

    fn watch(&self, _: &Context, cx: String) -> impl Stream<Item = Reply<String>> + Send {
        futures_util::stream::iter([Ok(cx)])
    }
}

fn main() {
    let _ = library::Client::in_process_as(Library, magicbutton::Actor::new("ann"));
    assert_eq!(library::Role::HeadLibrarian.to_string(), "head-librarian");
    assert_eq!("boss".parse(), Ok(library::Role::Owner));
    assert_eq!(library::CONTRACT.roles[2].includes, ["boss", "head-librarian", "reader"]);
    assert_eq!(library::CONTRACT.roles[2].permissions, ["book:lend", "book:read", "shelf:move"]);
    assert!(without_roles::CONTRACT.requests[2].access.is_public());
}
