//! Who may do what, as a contract says it: rules and roles as `static` data, and what they mean for
//! one actor. Nothing is looked up in a graph here: the macro has followed every `extends`, and
//! written out every `*`.

use std::fmt;

use crate::{Actor, ContractDescriptor};

/// Who may send a request, emit an event, or get one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Everybody, logged in or not. What a contract without roles means where it says nothing.
    Public,
    /// Whoever is logged in.
    Authenticated,
    /// Whoever has this permission: `order:create`.
    Permission(&'static str),
    /// Whoever has the role of this name on the wire, or one that extends it: `shipping-agent`.
    Role(&'static str),
    /// Whoever may by one of these.
    Any(&'static [Access]),
    /// Whoever may by each of these.
    All(&'static [Access]),
}

/// One role of a contract.
#[derive(Debug)]
#[non_exhaustive]
pub struct RoleDescriptor {
    /// The name on the wire, in kebab-case: `shipping-agent`.
    pub name: &'static str,
    /// The documentation of the role.
    pub docs: &'static str,
    /// Its own name, and those of all roles that it extends, directly or not; sorted.
    pub includes: &'static [&'static str],
    /// Every permission that it has, its own and those of the roles that it extends; sorted. Where a
    /// grant says `*`, these are the permissions that the contract requires.
    pub permissions: &'static [&'static str],
}

impl RoleDescriptor {
    /// For generated code.
    #[doc(hidden)]
    pub const fn declared(
        name: &'static str,
        docs: &'static str,
        includes: &'static [&'static str],
        permissions: &'static [&'static str],
    ) -> Self {
        Self { name, docs, includes, permissions }
    }
}

impl Access {
    /// Whether everybody may, so that nobody has to be asked.
    pub const fn is_public(&self) -> bool {
        matches!(self, Self::Public)
    }

    /// Whether somebody may, by the roles of this contract. `None` is nobody: a connection on which
    /// nobody is logged in.
    ///
    /// Names are compared as they are, byte by byte: `Admin` is not `admin`, and a permission of an
    /// actor that says `*` is the permission of that name, and no other.
    pub fn allows(&self, contract: &ContractDescriptor, actor: Option<&Actor>) -> bool {
        if self.is_public() {
            return true;
        }
        actor.is_some_and(|actor| self.lacks(contract, actor).is_empty())
    }

    /// The parts of the rule that keep this actor out: for the log, not for the caller.
    pub fn lacks(&self, contract: &ContractDescriptor, actor: &Actor) -> Vec<Self> {
        let is_met = match self {
            Self::Public | Self::Authenticated => true,
            Self::Permission(wanted) => {
                actor.permissions.iter().any(|own| own == wanted)
                    || roles(contract, actor).any(|role| role.permissions.contains(wanted))
            }
            Self::Role(wanted) => roles(contract, actor).any(|role| role.includes.contains(wanted)),
            Self::Any(rules) => {
                let lacks: Vec<_> = rules.iter().map(|rule| rule.lacks(contract, actor)).collect();
                if lacks.iter().any(Vec::is_empty) {
                    return Vec::new();
                }
                return lacks.into_iter().flatten().collect();
            }
            Self::All(rules) => {
                return rules.iter().flat_map(|rule| rule.lacks(contract, actor)).collect();
            }
        };
        if is_met { Vec::new() } else { vec![*self] }
    }
}

/// The roles of the contract that an actor has.
fn roles<'a>(
    contract: &'a ContractDescriptor,
    actor: &'a Actor,
) -> impl Iterator<Item = &'a RoleDescriptor> {
    contract.roles.iter().filter(|role| actor.roles.iter().any(|own| own == role.name))
}

/// As the contract says it: `any(order:read, role = admin)`.
impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, rules) = match self {
            Self::Public => return f.write_str("public"),
            Self::Authenticated => return f.write_str("authenticated"),
            Self::Permission(name) => return f.write_str(name),
            Self::Role(name) => return write!(f, "role = {name}"),
            Self::Any(rules) => ("any", rules),
            Self::All(rules) => ("all", rules),
        };
        write!(f, "{what}(")?;
        for (position, rule) in rules.iter().enumerate() {
            if position > 0 {
                f.write_str(", ")?;
            }
            rule.fmt(f)?;
        }
        f.write_str(")")
    }
}

/// One line of the table.
struct Line {
    what: &'static str,
    name: &'static str,
    rule: String,
    /// For nobody logged in, for somebody without a role, and for each role.
    who: Vec<&'static str>,
}

impl ContractDescriptor {
    /// The access rules as a table, for people: a line for each request, and two for each event, with
    /// what the rule says and who may by it. The column `nobody` stands for connections without a
    /// login, `anybody` for whoever is logged in and has no role. `guard` means that the server looks
    /// at the request itself before it says yes.
    pub fn access_table(&self) -> String {
        let requests = self
            .requests
            .iter()
            .map(|request| self.line("request", request.name, &request.access, request.guard));
        let events = self.events.iter().flat_map(|event| {
            [
                self.line("subscribe", event.name, &event.subscribe, None),
                self.line("emit", event.name, &event.emit, None),
            ]
        });
        let lines: Vec<Line> = requests.chain(events).collect();
        let widest = |own: &dyn Fn(&Line) -> usize| lines.iter().map(own).max().unwrap_or(0);
        let name = widest(&|line| line.name.len()).max(self.name.len());
        let rule = widest(&|line| line.rule.len()).max("rule".len());
        let columns = || ["nobody", "anybody"].into_iter().chain(self.roles.iter().map(|r| r.name));
        let mut table = format!("{:9}  {:name$}  {:rule$}", "", self.name, "rule");
        columns().for_each(|column| table.push_str(&format!("  {column:5}")));
        for line in &lines {
            end_line(&mut table);
            table.push_str(&format!("{:9}  {:name$}  {:rule$}", line.what, line.name, line.rule));
            for (who, column) in line.who.iter().zip(columns()) {
                table.push_str(&format!("  {who:width$}", width = column.len().max(5)));
            }
        }
        end_line(&mut table);
        table
    }

    fn line(
        &self,
        what: &'static str,
        name: &'static str,
        access: &Access,
        guard: Option<&'static str>,
    ) -> Line {
        let mut nobodys_role = Actor::new("");
        let mut may = |role: Option<&RoleDescriptor>| {
            nobodys_role.roles = role.iter().map(|role| role.name.to_owned()).collect();
            access.allows(self, Some(&nobodys_role))
        };
        let mut who = vec![access.is_public(), may(None)];
        who.extend(self.roles.iter().map(|role| may(Some(role))));
        let shown = |may| match (may, guard) {
            (false, _) => "-",
            (true, None) => "yes",
            (true, Some(_)) => "guard",
        };
        let rule = match guard {
            None => access.to_string(),
            Some(guard) => format!("{access}, guard = {guard}"),
        };
        Line { what, name, rule, who: who.into_iter().map(shown).collect() }
    }
}

/// Ends a line of the table, without the blanks at its end.
fn end_line(table: &mut String) {
    table.truncate(table.trim_end_matches(' ').len());
    table.push('\n');
}
