//! A derive that is given already is not given twice.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        struct Id { value: u32 }

        #[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
        enum Status {
            #[default]
            Open,
        }

        #[event]
        #[derive(Eq, Default)]
        struct Created { id: Id, status: Status }

        #[request]
        #[derive(Default)]
        async fn create(id: Id);
    }
);

fn main() {
    let ids = std::collections::BTreeSet::from([orders::Id::default()]);
    assert_eq!(ids.len(), 1);
    assert_eq!(orders::Created::default().status, orders::Status::Open);
    assert_eq!(orders::requests::Create::default().id.value, 0);
}
