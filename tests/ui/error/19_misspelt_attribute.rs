magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[eror]
        enum OrderError {
            #[erorr(status = 404, message = "x")]
            NotFound,
        }
    }
);

fn main() {}
