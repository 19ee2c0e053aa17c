magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        const async unsafe extern "C" fn create(count: u32, ...);
    }
);

fn main() {}
