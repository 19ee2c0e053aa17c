//! Rules of every kind, where nothing is called as it usually is.
#![no_implicit_prelude]
#![deny(warnings)]

/// Not what it is elsewhere.
pub type Result = ();
pub struct Option;
pub struct String;
pub struct Some;
pub struct Ok;

pub fn even(number: &u32, _: &()) -> ::magicbutton::garde::Result {
    match number % 2 {
        0 => ::core::result::Result::Ok(()),
        _ => ::core::result::Result::Err(::magicbutton::garde::Error::new("not even")),
    }
}

mod limits {
    pub const MOST: usize = 5;
}

::magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        use ::std::{collections::BTreeMap, option::Option, string::String, vec::Vec};

        use super::{even, limits};

        struct Item {
            #[garde(length(chars, min = 1, max = limits::MOST), pattern("^[a-z]*$"))]
            r#type: String,
            #[garde(range(min = 1), custom(even))]
            price: u32,
            #[garde(required, if(cond = self.price > 1, ascii))]
            note: Option<String>,
            #[garde(dive)]
            inside: Vec<Item>,
        }

        enum Way {
            None,
            Post(#[garde(ip)] String),
            Pair(u32, #[garde(range(max = 1))] u32),
            Named {
                name: String,
                #[garde(matches(name))]
                again: String,
            },
        }

        struct Page<T, U> {
            #[garde(dive)]
            items: Vec<T>,
            next: U,
        }

        /// Has a rule of the whole only.
        #[garde(custom(|_: &Whole, _: &()| ::core::result::Result::Ok(())))]
        struct Whole {
            at: u32,
        }

        #[event]
        struct Created {
            #[garde(dive)]
            item: Item,
        }

        #[event]
        struct Gone {}

        #[request]
        #[garde(custom(super::whole))]
        async fn create(
            #[garde(dive)] at: Item,
            #[garde(length(min = 1), inner(length(max = 3)))] path: Vec<String>,
            #[garde(dive)] report: BTreeMap<String, Way>,
            #[garde(dive)] value: Page<Item, u32>,
            #[garde(skip)] cx: Whole,
        ) -> Page<Item, u32>;

        #[request]
        async fn ask(plain: u32) -> (u32, Item);

        #[request]
        fn watch(#[garde(range(min = 1))] r#type: u32) -> impl Stream<Item = Item>;
    }
);

pub fn whole(_: &orders::requests::Create, _: &()) -> ::magicbutton::garde::Result {
    ::core::result::Result::Ok(())
}

fn main() {
    let _ = (Some, Ok, Option, String);
}
