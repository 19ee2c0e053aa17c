magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Order { id: u32 };

        #[event]
        struct Created { id: u32 };
    }
);

fn main() {
    let _ = (orders::Order { id: 1 }, orders::Created { id: 1 });
}
