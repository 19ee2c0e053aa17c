//! The chat example, as a person would see it.

mod example;

use example::example;

const CONVERSATION: &str = "\
cat hears: ada is in the attic
ben is asked: ada invites you to the attic, will you come?
ada hears: ben comes
cat is asked: ada invites you to the attic, will you come?
ada hears: cat does not come
ada hears: dan does not come
ben hears: ada says in the attic: it is cold up here
ben hears: ada says in the attic: shall we go down again?
cat reads: it is cold up here
cat reads: shall we go down again?
";

#[test]
fn the_conversation_is_the_same_every_time() {
    for _ in 0..10 {
        let output = example("chat").output().expect("the example is built beside its test");
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), CONVERSATION);
    }
}
