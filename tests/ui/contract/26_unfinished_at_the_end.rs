magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Order { id: u32 }

        /// Nothing to document.
        #[request]
    }
);

fn main() {}
