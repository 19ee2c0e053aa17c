magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Order { money: Mony }

        struct Money {}
    }
);

fn main() {}
