magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request]
        async fn get(count: std::rc::Rc<u32>) -> u32;
    }
);

fn main() {}
