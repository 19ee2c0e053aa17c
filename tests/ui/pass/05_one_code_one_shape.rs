//! Two enums may have an error of the same code and shape.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[error]
        enum First {
            #[error(status = 404, message = "a {id}")]
            NotFound { id: String },
        }

        #[error]
        enum Second {
            #[error(status = 410, message = "b {id}")]
            NotFound { id: String },
        }
    }
);

fn main() {
    let error: orders::Error = orders::Second::NotFound { id: "x".into() }.into();
    assert_eq!(error.to_string(), "b x");
}
