//! The example of access, as a person would see it: who may what, by a table written by hand.

mod example;

use example::example;

const SAID: &str = "\
what the contract says

           documents  rule                               nobody  anybody  viewer  editor  admin
request    count      public                             yes     yes      yes     yes     yes
request    read       document:read, guard = is_shared   -       -        guard   guard   guard
request    write      document:write, guard = may_write  -       -        -       guard   guard
request    share      document:share, guard = is_theirs  -       -        -       guard   guard
request    remove     document:remove                    -       -        -       -       yes
subscribe  changed    document:read                      -       -        yes     yes     yes
emit       changed    role = admin                       -       -        -       -       yes

what the server answers about a plan of Ed's

          nobody  vera    ed      eva     ada
count     yes     yes     yes     yes     yes
read      login   -       yes     -       yes
write     login   -       yes     -       yes
share     login   -       yes     -       yes
remove    login   -       -       -       yes
hear      login   yes     yes     yes     yes
announce  login   -       -       -       yes

and when he has shared it with Vera

          nobody  vera    ed      eva     ada
count     yes     yes     yes     yes     yes
read      login   yes     yes     -       yes
write     login   -       yes     -       yes
share     login   -       yes     -       yes
remove    login   -       -       -       yes
hear      login   yes     yes     yes     yes
announce  login   -       -       -       yes
";

#[test]
fn the_server_answers_as_the_contract_says() {
    let output = example("access").output().expect("the example is built beside its test");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), SAID);
}
