//! A contract of fifty requests and fifty events, made by a macro of the user's.
macro_rules! many {
    ($($request:ident $event:ident)*) => {
        magicbutton::contract!(
            #[contract(version = "1.0.0")]
            mod many {
                $(
                    #[request]
                    async fn $request(id: String, count: u32) -> Vec<String>;
                )*
                $(
                    #[event]
                    struct $event { id: String }
                )*
            }
        );

        struct Many;

        impl many::Service for Many {
            $(
                async fn $request(
                    &self,
                    _: &magicbutton::Context,
                    id: String,
                    count: u32,
                ) -> magicbutton::Reply<Vec<String>> {
                    Ok(vec![id; count as usize])
                }
            )*
        }
    };
}

many!(
    r01 E01 r02 E02 r03 E03 r04 E04 r05 E05 r06 E06 r07 E07 r08 E08 r09 E09 r10 E10
    r11 E11 r12 E12 r13 E13 r14 E14 r15 E15 r16 E16 r17 E17 r18 E18 r19 E19 r20 E20
    r21 E21 r22 E22 r23 E23 r24 E24 r25 E25 r26 E26 r27 E27 r28 E28 r29 E29 r30 E30
    r31 E31 r32 E32 r33 E33 r34 E34 r35 E35 r36 E36 r37 E37 r38 E38 r39 E39 r40 E40
    r41 E41 r42 E42 r43 E43 r44 E44 r45 E45 r46 E46 r47 E47 r48 E48 r49 E49 r50 E50
);

fn main() {
    assert_eq!(many::CONTRACT.requests.len(), 50);
    let client = many::Client::in_process(Many);
    let _ = client.r50("x".into(), 1);
}
