magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        pub(crate) struct Order { pub(super) id: u32 }

        pub(in crate::orders) enum Status { Open }

        pub(self) type Alias = u32;
    }
);

fn main() {}
