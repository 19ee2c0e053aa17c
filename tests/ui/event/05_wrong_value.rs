magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event(rename = 5)]
        struct First {}

        #[event(rename)]
        struct Second {}

        #[event = "created"]
        struct Third {}
    }
);

fn main() {}
