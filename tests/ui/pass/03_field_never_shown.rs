//! A field that the message does not show travels all the same.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[error]
        enum OrderError {
            #[error(status = 404, message = "not found")]
            NotFound { id: String },
        }
    }
);

fn main() {
    let error = orders::OrderError::NotFound { id: "o-1".into() };
    assert_eq!(error.to_string(), "not found");
}
