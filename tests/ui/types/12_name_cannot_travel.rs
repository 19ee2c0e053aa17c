magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Order { über: u32, __: u32 }

        enum Status { Ünique, _1 }
    }
);

fn main() {}
