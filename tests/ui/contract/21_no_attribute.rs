magicbutton::contract!(
    pub mod orders {
        struct Order {}
    }
);

fn main() {
    let _ = orders::Order {};
}
