//! The expansion names everything absolutely: it compiles without a prelude, beside types called
//! like those of the standard library, and whatever the crate is called.
#![no_implicit_prelude]
#![allow(dead_code, unused_imports)]

extern crate magicbutton as renamed;

/// Nothing here may be taken for the crate.
mod magicbutton {}

mod serde {}

mod core {}

mod std {}

renamed::contract!(
    /// Names that mean something else elsewhere.
    #[contract(version = "1.0.0")]
    mod shadows {
        /// Not the standard one.
        struct Result {
            value: u8,
        }
        struct Option {
            value: u8,
        }
        struct String {
            value: u8,
        }
        struct Vec {
            value: u8,
        }
        struct Box {
            value: u8,
        }
        struct Arc {
            value: u8,
        }
        enum Ok {
            Some,
            None,
            Err,
        }
        /// Named like the payload of a request.
        struct CreateOrder {
            nested: ::std::boxed::Box<Ok>,
        }
        type Context = Vec;

        #[event]
        struct Send {
            value: self::String,
        }

        #[error]
        enum Fault {
            #[error(status = 400, message = "{value} {r} {value:?}")]
            Clone { value: u8, r: super::Shown },
            #[error(status = 400, message = "plain")]
            Debug,
        }

        #[request]
        async fn create_order(
            cx: CreateOrder,
            service: Option,
            request: self::CreateOrder,
            run: Vec,
            r#type: [super::Plain; 2],
        ) -> ::core::result::Result<Result, Fault>;

        #[request]
        async fn nothing();

        #[request]
        fn items(items: Box) -> impl Stream<Item = ::core::result::Result<String, Fault>>;
    }
);

#[derive(
    ::core::clone::Clone,
    ::core::fmt::Debug,
    ::core::cmp::PartialEq,
    ::serde::Serialize,
    ::serde::Deserialize,
)]
struct Plain;

#[derive(
    ::core::clone::Clone,
    ::core::fmt::Debug,
    ::core::cmp::PartialEq,
    ::serde::Serialize,
    ::serde::Deserialize,
)]
struct Shown;

impl ::core::fmt::Display for Shown {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.write_str("shown")
    }
}

struct Service;

impl shadows::Service for Service {
    async fn create_order(
        &self,
        _: &renamed::Context,
        cx: shadows::CreateOrder,
        service: shadows::Option,
        _: shadows::CreateOrder,
        run: shadows::Vec,
        _: [Plain; 2],
    ) -> renamed::Reply<shadows::Result, shadows::Fault> {
        ::core::assert_eq!(*cx.nested, shadows::Ok::None);
        ::core::result::Result::Ok(shadows::Result { value: service.value + run.value })
    }

    async fn nothing(&self, _: &renamed::Context) -> renamed::Reply<()> {
        ::core::result::Result::Ok(())
    }

    fn items(
        &self,
        _: &renamed::Context,
        items: shadows::Box,
    ) -> impl renamed::Stream<Item = renamed::Reply<shadows::String, shadows::Fault>>
    + ::core::marker::Send {
        let shown = shadows::Fault::Clone { value: items.value, r: Shown };
        ::futures_util::stream::iter([
            ::core::result::Result::Ok(shadows::String { value: items.value }),
            ::core::result::Result::Err(::core::convert::Into::into(shown)),
        ])
    }
}

#[test]
fn it_works_too() {
    let client = shadows::Client::in_process(Service);
    let order = || shadows::CreateOrder { nested: ::std::boxed::Box::new(shadows::Ok::None) };
    let reply = client.create_order(
        order(),
        shadows::Option { value: 3 },
        order(),
        shadows::Vec { value: 4 },
        [Plain, Plain],
    );
    let reply = ::futures_util::FutureExt::now_or_never(reply);
    ::core::assert_eq!(
        reply,
        ::core::option::Option::Some(::core::result::Result::Ok(shadows::Result { value: 7 }))
    );
    let mut items = client.items(shadows::Box { value: 5 });
    let mut next = || ::futures_util::FutureExt::now_or_never(items.next());
    ::core::assert!(::core::matches!(
        next(),
        ::core::option::Option::Some(::core::option::Option::Some(::core::result::Result::Ok(_)))
    ));
    let last = next();
    let ::core::option::Option::Some(::core::option::Option::Some(::core::result::Result::Err(
        failure,
    ))) = last
    else {
        ::core::panic!("no failure")
    };
    ::core::assert_eq!(::std::string::ToString::to_string(&failure), "5 shown 5");
}
