//! Everything in a contract is as visible as the contract.
mod outer {
    mod types {
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        pub(in crate::outer) struct Near(u8);
    }

    macro_rules! contract_of {
        ($vis:vis $name:ident) => {
            magicbutton::contract!(
                #[contract(version = "1.0.0")]
                $vis mod $name {
                    struct Order { id: u32 }

                    #[event]
                    struct Created { id: u32 }

                    #[error]
                    enum Refused {
                        #[error(status = 400, message = "x")]
                        No,
                    }

                    #[request]
                    async fn create(order: Order) -> Result<Order, Refused>;
                }
            );
        };
    }

    contract_of!(private);
    contract_of!(pub(self) itself);
    contract_of!(pub(super) above);
    contract_of!(pub(in crate::outer) within);
    contract_of!(pub(crate) everywhere);
    contract_of!(pub public);

    magicbutton::contract!(
        #[contract(version = "1.0.0")]
        mod near {
            use super::types::Near;

            #[request]
            async fn echo(near: Near) -> Near;

            #[request]
            fn echoes(near: Near) -> impl Stream<Item = Near>;
        }
    );

    pub fn all() -> usize {
        let _ = (private::Order { id: 1 }, itself::Created { id: 1 }, within::Refused::No);
        let _ = near::CONTRACT.name;
        private::CONTRACT.requests.len()
    }
}

fn main() {
    assert_eq!(outer::all(), 1);
    let _ = (outer::above::Order { id: 1 }, outer::everywhere::Order { id: 1 });
    let _ = outer::public::requests::Create { order: outer::public::Order { id: 1 } };
}
