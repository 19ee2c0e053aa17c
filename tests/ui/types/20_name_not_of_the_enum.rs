magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        enum Status { Open, Closed }
    }
);

fn main() {
    let _ = orders::Status::Opn;
}
