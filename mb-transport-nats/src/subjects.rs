//! Where everything is said: the subjects under one prefix. Every variable part is a
//! [token](crate::token).
//!
//! | subject | who listens |
//! |---|---|
//! | `P.<contract>.v<major>.req.<name>` | one server of the queue group |
//! | `P.<contract>.v<major>.emit.<name>` | the same: events that clients emit |
//! | `P.<contract>.v<major>.evt.<name>` | every client that subscribed, and whoever else may |
//! | `P.<contract>.v<major>.keep.<name>` | the stream of the contract, which says it anew as `evt` |
//! | `P.$to.<client>.<connection>.>` | one connection of one client |
//! | `P.$dead.<contract>.v<major>.<name>.<reader>` | the stream of the dead |
//! | `P.$sys.any` | one server, for requests whose contract the sender does not know |
//! | `P.$sys.door.*` | every server that takes clients |
//! | `P.$sys.all.*` | every server |
//! | `P.$sys.srv.<instance>.*` | one server |
//! | `P.$sys.clients.*` | every client |
//! | `P.$sys.evt.*` | every client: what servers announce outside of any contract |

use async_nats::Subject;

use crate::token::encode;

/// The longest subject that is sent, in bytes: the engine takes lines of 4 KiB, a reply subject
/// included.
const LONGEST: usize = 2048;

/// All subjects under one prefix.
#[derive(Debug, Clone)]
pub(crate) struct Space {
    prefix: String,
}

impl Space {
    /// `path` is a connection string's: `/shop/eu` is the prefix `shop.eu`, `/` is `mb`.
    pub(crate) fn new(path: &str) -> Result<Self, String> {
        let path = path.trim_matches('/');
        if path.is_empty() {
            return Ok(Self { prefix: "mb".to_owned() });
        }
        let tokens = path.split(['/', '.']).map(|token| match token {
            "" => Err(format!("`{path}`: a prefix has no empty part")),
            token => Ok(encode(token)),
        });
        let prefix = tokens.collect::<Result<Vec<_>, _>>()?.join(".");
        if prefix.len() > 256 {
            return Err("the path is the prefix of every subject: 256 bytes at most".to_owned());
        }
        Ok(Self { prefix })
    }

    /// Something of a contract: `kind` is `req`, `emit`, `evt` or `keep`. `None` where no such subject can
    /// be: nothing has such a name.
    pub(crate) fn of(
        &self,
        contract: &str,
        major: &str,
        kind: &str,
        name: &str,
    ) -> Option<Subject> {
        let (contract, major, name) = (encode(contract), encode(major), encode(name));
        bounded(format!("{}.{contract}.v{major}.{kind}.{name}", self.prefix))
    }

    /// Everything of this kind of a contract.
    pub(crate) fn all_of(&self, contract: &str, major: &str, kind: &str) -> String {
        format!("{}.{}.v{}.{kind}.*", self.prefix, encode(contract), encode(major))
    }

    /// What a stream says anew of what it keeps, and as what: nobody but the stream hears the first,
    /// where the word that it has something is waited for.
    pub(crate) fn said_anew(&self, contract: &str, major: &str) -> (String, String) {
        let kept = self.all_of(contract, major, "keep");
        let of = format!("{}.{}.v{}", self.prefix, encode(contract), encode(major));
        (kept, format!("{of}.evt.{{{{wildcard(1)}}}}"))
    }

    /// One connection of a client, as the start of its subjects.
    pub(crate) fn connection(&self, client: &str, connection: &str) -> Option<String> {
        let subject = format!("{}.$to.{}.{}", self.prefix, encode(client), encode(connection));
        (subject.len() <= LONGEST).then_some(subject)
    }

    /// Every connection of a client, whose id is a token already.
    pub(crate) fn to(&self, client: &str) -> String {
        format!("{}.$to.{client}.>", self.prefix)
    }

    /// One of the system's own.
    pub(crate) fn system(&self, rest: &str) -> Subject {
        Subject::from(format!("{}.$sys.{rest}", self.prefix))
    }

    /// Whether an answer may go there. Whoever asks names the place, and a server may say more than
    /// they: nothing of ours is one, so that an answer is never taken for an event or a request, and
    /// nothing of the engine's own.
    pub(crate) fn is_reply(&self, subject: &str) -> bool {
        let ours = subject.strip_prefix(self.prefix.as_str());
        !subject.starts_with('$') && !ours.is_some_and(|rest| rest.starts_with('.'))
    }

    /// The prefix itself.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Where dead events of a contract go, a dot at its end.
    pub(crate) fn dead(&self, contract: &str, major: &str) -> String {
        format!("{}.$dead.{}.v{}.", self.prefix, encode(contract), encode(major))
    }

    /// What a server announces outside of any contract.
    pub(crate) fn system_event(&self, name: &str) -> Option<Subject> {
        bounded(format!("{}.$sys.evt.{}", self.prefix, encode(name)))
    }
}

fn bounded(subject: String) -> Option<Subject> {
    (subject.len() <= LONGEST).then(|| Subject::from(subject))
}

/// The last token of a subject.
pub(crate) fn last(subject: &str) -> &str {
    subject.rsplit('.').next().unwrap_or_default()
}

/// The token before that: the kind of what belongs to a contract.
pub(crate) fn kind(subject: &str) -> &str {
    subject.rsplit('.').nth(1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_prefix() {
        let prefix = |path| Space::new(path).map(|space| space.prefix);
        assert_eq!(prefix("/").as_deref(), Ok("mb"));
        assert_eq!(prefix("/shop").as_deref(), Ok("shop"));
        assert_eq!(prefix("/shop/eu.west").as_deref(), Ok("shop.eu.west"));
        assert_eq!(prefix("/*/>").as_deref(), Ok("_2a._3e"));
        assert!(prefix("/shop//eu").is_err());
    }

    #[test]
    fn an_answer_goes_to_no_subject_of_ours() {
        let space = Space::new("/shop").unwrap();
        for subject in ["shop.orders.v1.evt.x", "shop.$to.a.b.evt", "$JS.API.STREAM.INFO.x"] {
            assert!(!space.is_reply(subject), "{subject}");
        }
        for subject in ["_INBOX.x.y", "shopping.x", "a", "x.shop.orders"] {
            assert!(space.is_reply(subject), "{subject}");
        }
    }

    #[test]
    fn nothing_that_is_said_widens_a_subject() {
        let space = Space::new("/").unwrap();
        for name in ["*", ">", "a.b", "a b", "x\r\nSUB > 1\r\n"] {
            let subject = space.of("orders", "1", "req", name).unwrap();
            assert_eq!(subject.split('.').count(), 5, "{subject}");
            assert!(!subject.contains(['*', '>', ' ', '\r', '\n']), "{subject}");
        }
        assert!(space.of("orders", "1", "req", &"x".repeat(10_240)).is_none());
    }
}
