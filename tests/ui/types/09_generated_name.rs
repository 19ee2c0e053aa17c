magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Client {}

        enum Error { A }

        type Request = u32;

        struct Service;
    }
);

fn main() {}
