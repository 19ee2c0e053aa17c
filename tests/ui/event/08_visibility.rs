magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event]
        pub(crate) struct Created { pub(super) id: u32 }
    }
);

fn main() {
    let _ = orders::Created { id: 1 };
}
