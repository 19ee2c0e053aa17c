//! What each role may say and hear on the engine: what a server of ours enforces for what reaches it,
//! the engine has to enforce for what passes it by. Subjects as `nats-server` takes them in its
//! configuration, or in the JWT of a user.

mod show;

use mb_core::{Access, Actor, ContractDescriptor, Fault};

use crate::{connect::invalid, durable::Names, subjects::Space, token::encode};

/// Users that are printed with every contract.
const SERVER: &str = "server";
const NOBODY: &str = "nobody";

/// The NATS permissions that contracts ask for: every contract has them.
pub trait ContractPermissions: sealed::Sealed {
    /// What each role may say and hear under the path of a connection string: `shop` of
    /// `nats://host/shop`, or nothing for `mb`.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` where no connection string may have such a path.
    fn nats_permissions(&'static self, path: &str) -> Result<Permissions, Fault>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for mb_core::ContractDescriptor {}
}

impl ContractPermissions for ContractDescriptor {
    fn nats_permissions(&'static self, path: &str) -> Result<Permissions, Fault> {
        let space = Space::new(path).map_err(invalid)?;
        Ok(Permissions { space, contracts: vec![self] })
    }
}

/// What each role may say and hear on the engine, by the access rules of one contract or of several
/// that a server serves together.
///
/// Shown, it is a block of `nats-server`'s configuration for inside of `authorization { }`: a
/// variable for the server, one for each role, and one for `nobody`, who may only what is public.
/// Each is for one user, whose name it has; the engine wants each of them used. Another user's own come from [`role`](Self::role): their inbox and what is sent to them are nobody else's.
///
/// To be printed anew, as a whole, when a contract changes: an event that it does not know, the
/// engine carries for nobody.
#[derive(Debug, Clone)]
#[must_use]
pub struct Permissions {
    space: Space,
    contracts: Vec<&'static ContractDescriptor>,
}

/// What one user of the engine may say and hear. Shown, it is what stands behind `permissions:`.
///
/// A client of theirs connects with the user's own inbox, `?inbox=` [`inbox`](Self::inbox), and with
/// the user's name as its id.
#[derive(Debug, Clone)]
#[must_use]
pub struct UserPermissions {
    user: String,
    publish: Vec<String>,
    subscribe: Vec<String>,
    deny: Vec<String>,
    /// Whether it may answer what it is asked.
    answers: bool,
    /// Events that are kept and that the user may read: their stream, whether that is all of it, and
    /// their subjects.
    kept: Vec<(Names, bool, Vec<String>)>,
}

impl Permissions {
    /// Another contract under the same path. Roles of one name are one role.
    pub fn and(mut self, contract: &'static ContractDescriptor) -> Self {
        self.contracts.push(contract);
        self
    }

    /// A server's own user: everything that serving takes. All servers may share it.
    pub fn server(&self, user: &str) -> UserPermissions {
        let mut may = UserPermissions::new(user);
        let system = |rest: &str| self.space.system(rest).to_string();
        // Answers go to whatever inbox was asked from.
        may.publish = vec![
            "_INBOX.>".to_owned(),
            self.space.to("*"),
            system("clients.up"),
            system("door.who"),
            system("evt.*"),
        ];
        may.subscribe.extend(["any", "all.*", "door.*", "srv.*.*"].map(system));
        may.subscribe.push("$SRV.*".to_owned());
        for contract in &self.contracts {
            let (name, major) = (contract.name, contract.major());
            for event in contract.events {
                let kind = if event.durable { "keep" } else { "evt" };
                may.publish.extend(self.subject(contract, kind, event.name));
            }
            for kind in ["req", "emit"] {
                may.subscribe.push(self.space.all_of(name, major, kind));
            }
            let name = encode(name);
            may.subscribe.extend([format!("$SRV.*.{name}"), format!("$SRV.*.{name}.*")]);
            if contract.events.iter().any(|event| event.durable) {
                let Names { live, dead, .. } = Names::new(&self.space, contract.name, major);
                for stream in [live, dead] {
                    let of = |verb: &str| format!("$JS.API.STREAM.{verb}.{stream}");
                    may.publish.extend(["INFO", "CREATE", "UPDATE"].map(of));
                }
            }
        }
        may
    }

    /// A user who may what this role may: by its name on the wire, `shipping-agent`.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` where no contract has such a role, and where the user is called like one of
    /// those of the printed block: `server`, `nobody`, or a role. They would share its inbox.
    pub fn role(&self, role: &str, user: &str) -> Result<UserPermissions, Fault> {
        let mut roles = self.contracts.iter().flat_map(|contract| contract.roles);
        self.check(user)?;
        if !roles.any(|known| known.name == role) {
            let known = self.roles().join(", ");
            return Err(invalid(format!("no role is called `{role}`: there is {known}")));
        }
        Ok(self.of_role(role, user))
    }

    fn of_role(&self, role: &str, user: &str) -> UserPermissions {
        let mut actor = Actor::new(user);
        actor.roles = vec![role.to_owned()];
        self.client(user, Some(&actor))
    }

    /// A user who has no role, and may what whoever is logged in may.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` where the user is called like one of the printed block.
    pub fn anybody(&self, user: &str) -> Result<UserPermissions, Fault> {
        self.check(user)?;
        Ok(self.client(user, Some(&Actor::new(user))))
    }

    /// A user who may only what is public.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` where the user is called like one of the printed block.
    pub fn nobody(&self, user: &str) -> Result<UserPermissions, Fault> {
        self.check(user)?;
        Ok(self.client(user, None))
    }

    /// Nobody else's inbox is a user's own.
    fn check(&self, user: &str) -> Result<(), Fault> {
        if [SERVER, NOBODY].contains(&user) || self.roles().contains(&user) {
            return Err(invalid(format!(
                "a user of their own is not called `{user}`: that one is printed with the contract, \
                 and whoever has its name shares its inbox"
            )));
        }
        Ok(())
    }

    fn client(&self, user: &str, actor: Option<&Actor>) -> UserPermissions {
        let mut may = UserPermissions::new(user);
        let system = |rest: &str| self.space.system(rest).to_string();
        let spoken = ["door.join", "all.beat", "all.cancel", "all.leave", "all.logout"];
        may.publish.extend(spoken.map(system));
        let aside = ["srv.*.join", "srv.*.beat", "srv.*.req", "srv.*.credit"];
        may.publish.extend(aside.map(system));
        may.subscribe.push(self.space.to(&may.user));
        may.subscribe.extend(["clients.*", "evt.*"].map(system));
        may.answers = true;
        for contract in &self.contracts {
            let allowed = |rule: &Access| rule.allows(contract, actor);
            for request in contract.requests.iter().filter(|request| allowed(&request.access)) {
                may.publish.extend(self.subject(contract, "req", request.name));
            }
            // A durable event is not a client's to emit.
            let emitted = contract.events.iter().filter(|event| !event.durable);
            for event in emitted.filter(|event| allowed(&event.emit)) {
                may.publish.extend(self.subject(contract, "emit", event.name));
            }
            let heard = |event: &&mb_core::EventDescriptor| allowed(&event.subscribe);
            if contract.events.iter().any(|event| heard(&event)) {
                // Our clients listen to all of a contract at once, which keeps events in order; the
                // engine leaves out what is denied.
                may.subscribe.push(self.space.all_of(contract.name, contract.major(), "evt"));
                let not = contract.events.iter().filter(|event| !heard(event));
                may.deny.extend(not.filter_map(|event| self.subject(contract, "evt", event.name)));
            }
            let kept = || contract.events.iter().filter(|event| event.durable);
            let subjects: Vec<_> = kept()
                .filter(heard)
                .filter_map(|event| self.subject(contract, "keep", event.name))
                .collect();
            if !subjects.is_empty() {
                let names = Names::new(&self.space, contract.name, contract.major());
                may.kept.push((names, kept().all(|event| heard(&event)), subjects));
            }
        }
        may
    }

    fn subject(&self, contract: &ContractDescriptor, kind: &str, name: &str) -> Option<String> {
        let subject = self.space.of(contract.name, contract.major(), kind, name);
        subject.map(|subject| subject.to_string())
    }

    /// Every role of the contracts, once.
    fn roles(&self) -> Vec<&'static str> {
        let mut roles = Vec::new();
        for role in self.contracts.iter().flat_map(|contract| contract.roles) {
            if !roles.contains(&role.name) {
                roles.push(role.name);
            }
        }
        roles
    }
}

impl UserPermissions {
    fn new(user: &str) -> Self {
        let user = encode(user);
        let subscribe = vec![format!("_INBOX.{user}.>")];
        let (publish, deny, kept) = (Vec::new(), Vec::new(), Vec::new());
        Self { user, publish, subscribe, deny, answers: false, kept }
    }

    /// Lets the user read durable events under this reader's name, as far as they may read them.
    ///
    /// For programs of one's own, not for customers: whoever may read under a name takes events from
    /// the others who do, and where the maker of a consumer has its events delivered, the engine does
    /// not hold against their permissions.
    pub fn reading(mut self, reader: &str) -> Self {
        let reader = encode(reader);
        for (names, whole, subjects) in &self.kept {
            let stream = &names.live;
            let of = |verb: &str| format!("$JS.API.CONSUMER.{verb}.{stream}.{reader}");
            self.publish.push(format!("$JS.API.STREAM.INFO.{stream}"));
            self.publish.extend(["INFO", "MSG.NEXT"].map(of));
            let create = of("CREATE");
            self.publish.extend(subjects.iter().map(|subject| format!("{create}.{subject}")));
            if *whole {
                self.publish.push(create);
            }
            self.publish.push(format!("$JS.ACK.{stream}.{reader}.>"));
            for subject in subjects {
                let event = crate::subjects::last(subject);
                self.publish.push(format!("{}{event}.{reader}", names.dead_subjects));
            }
        }
        self
    }

    /// The prefix of the user's inboxes, for `?inbox=` or [`Nats::inbox_prefix`](crate::Nats::inbox_prefix).
    pub fn inbox(&self) -> String {
        format!("_INBOX.{}", self.user)
    }

    /// What they may publish to.
    pub fn publish(&self) -> &[String] {
        &self.publish
    }

    /// What they may subscribe to.
    pub fn subscribe(&self) -> &[String] {
        &self.subscribe
    }

    /// What of that is kept from them.
    pub fn not_subscribe(&self) -> &[String] {
        &self.deny
    }
}
