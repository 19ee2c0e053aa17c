//! One direction of an event, or three.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[roles]
        enum Role {
            #[grants("order:create", "order:read")]
            Customer,
            #[extends(Customer)]
            #[grants("order:*")]
            Admin,
        }

        #[event]
        #[access(subscribe = "order:read")]
        struct Created {}

        #[event]
        #[access(emit = "order:create")]
        struct Gone {}

        #[event]
        #[access("order:read", emit = "order:create")]
        struct Seen {}

        #[event]
        #[access("order:read", subscribe = public, emit = public)]
        struct Heard {}
    }
);

fn main() {}
