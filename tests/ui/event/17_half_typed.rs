magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event]
        struct Created { id: }

        #[event]
        struct After {}
    }
);

fn main() {
    let _ = orders::After {};
}
