magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        const LIMIT: u32 = 5;

        impl Order {
            fn new() -> Self {}
        }

        struct Order {}

        #[cfg(test)]
        struct OnlySometimes {}

        pub(crate) struct Hidden {
            pub(super) field: u8,
        }
    }

    pub mod second {}
);

fn main() {
    let _ = orders::Order {};
}
