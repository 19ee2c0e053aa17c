//! What an access rule costs: one call of a contract without roles, and of one with 50 permissions and
//! 10 roles, by somebody who has the last of them.

use std::io;

use magicbutton::{Actor, Client, Context, Reply, contract};
use tokio::runtime::Builder;

use crate::measure::Subject;

contract!(
    #[contract(version = "1.0.0")]
    mod open {
        #[request]
        async fn price(item: u64) -> u64;
    }
);

macro_rules! closed {
    ($($request:ident $permission:literal)*) => {
        contract!(
            #[contract(version = "1.0.0")]
            mod closed {
                #[roles]
                enum Role {
                    #[grants("t0:*")]
                    R0,
                    #[extends(R0)]
                    #[grants("t1:*")]
                    R1,
                    #[extends(R1)]
                    #[grants("t2:*")]
                    R2,
                    #[extends(R2)]
                    #[grants("t3:*")]
                    R3,
                    #[extends(R3)]
                    #[grants("t4:*")]
                    R4,
                    #[extends(R4)]
                    #[grants("t5:*")]
                    R5,
                    #[extends(R5)]
                    #[grants("t6:*")]
                    R6,
                    #[extends(R6)]
                    #[grants("t7:*")]
                    R7,
                    #[extends(R7)]
                    #[grants("t8:*")]
                    R8,
                    #[extends(R8)]
                    #[grants("t9:*")]
                    R9,
                }

                $(
                    #[request]
                    #[access($permission)]
                    async fn $request();
                )*

                #[request]
                #[access("t9:a4")]
                async fn price(item: u64) -> u64;
            }
        );

        impl closed::Service for Shop {
            $(async fn $request(&self, _: &Context) -> Reply<()> {
                Ok(())
            })*

            async fn price(&self, _: &Context, item: u64) -> Reply<u64> {
                Ok(item)
            }
        }
    };
}

struct Shop;

impl open::Service for Shop {
    async fn price(&self, _: &Context, item: u64) -> Reply<u64> {
        Ok(item)
    }
}

closed! {
        r00 "t0:a0" r01 "t0:a1" r02 "t0:a2" r03 "t0:a3" r04 "t0:a4"
        r05 "t1:a0" r06 "t1:a1" r07 "t1:a2" r08 "t1:a3" r09 "t1:a4"
        r10 "t2:a0" r11 "t2:a1" r12 "t2:a2" r13 "t2:a3" r14 "t2:a4"
        r15 "t3:a0" r16 "t3:a1" r17 "t3:a2" r18 "t3:a3" r19 "t3:a4"
        r20 "t4:a0" r21 "t4:a1" r22 "t4:a2" r23 "t4:a3" r24 "t4:a4"
        r25 "t5:a0" r26 "t5:a1" r27 "t5:a2" r28 "t5:a3" r29 "t5:a4"
        r30 "t6:a0" r31 "t6:a1" r32 "t6:a2" r33 "t6:a3" r34 "t6:a4"
        r35 "t7:a0" r36 "t7:a1" r37 "t7:a2" r38 "t7:a3" r39 "t7:a4"
        r40 "t8:a0" r41 "t8:a1" r42 "t8:a2" r43 "t8:a3" r44 "t8:a4"
        r45 "t9:a0" r46 "t9:a1" r47 "t9:a2" r48 "t9:a3" r49 "t9:a4"
}

/// Every row of the group; the floor is a call that everybody may make.
pub(crate) fn subjects() -> io::Result<Vec<Subject>> {
    let runtime = || Builder::new_current_thread().enable_all().build();
    let actor = || Actor { roles: vec!["r9".to_owned()], ..Actor::new("ann") };
    let open: &'static _ = Box::leak(Box::new(open::Client::in_process(Shop)));
    let known = Client::in_process_as(open::serve(Shop), actor()).typed::<open::Client>();
    let known: &'static _ = Box::leak(Box::new(known.map_err(io::Error::other)?));
    let closed: &'static _ = Box::leak(Box::new(closed::Client::in_process_as(Shop, actor())));
    Ok(vec![
        Subject::new("no_roles", runtime()?, move || open.price(7)).floor(),
        Subject::new("no_roles_logged_in", runtime()?, move || known.price(7)),
        Subject::new("50_permissions", runtime()?, move || closed.price(7)),
    ])
}
