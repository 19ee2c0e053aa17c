magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event]
        struct Created<T> { value: T }

        #[event]
        struct Where where String: Clone { value: String }
    }
);

fn main() {}
