//! Permissions as `nats-server` reads them in its configuration.

use std::fmt;

use super::{NOBODY, Permissions, SERVER, UserPermissions};
use crate::token::decode;

/// How long a client may take to answer what it is asked by a server.
const RESPONSES: &str = "{ max: -1, expires: \"5m\" }";

impl fmt::Display for UserPermissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{\n  publish: {\n    allow: ")?;
        list(f, &self.publish)?;
        f.write_str("\n  }\n  subscribe: {\n    allow: ")?;
        list(f, &self.subscribe)?;
        if !self.deny.is_empty() {
            f.write_str("\n    deny: ")?;
            list(f, &self.deny)?;
        }
        f.write_str("\n  }\n")?;
        if self.answers {
            writeln!(f, "  allow_responses: {RESPONSES}")?;
        }
        f.write_str("}")
    }
}

/// One subject to a line. They are tokens, so that nothing has to be escaped.
fn list(f: &mut fmt::Formatter<'_>, subjects: &[String]) -> fmt::Result {
    f.write_str("[\n")?;
    for subject in subjects {
        writeln!(f, "      \"{subject}\"")?;
    }
    f.write_str("    ]")
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let contracts = self.contracts.iter();
        let contracts = contracts.map(|contract| format!("{} {}", contract.name, contract.version));
        let contracts = contracts.collect::<Vec<_>>().join(", ");
        let prefix = self.space.prefix();
        writeln!(f, "# {contracts} under {prefix}. To be printed anew when that changes.")?;
        // The engine refuses a variable that is not used.
        f.write_str("# For inside of authorization { }, with a user for each of them:\n")?;
        f.write_str("# { user: server, password: .., permissions: $server }\n")?;
        variable(f, &self.server(SERVER))?;
        variable(f, &self.client(NOBODY, None))?;
        for role in self.roles() {
            variable(f, &self.of_role(role, role))?;
        }
        Ok(())
    }
}

fn variable(f: &mut fmt::Formatter<'_>, user: &UserPermissions) -> fmt::Result {
    let id = decode(&user.user).unwrap_or_default();
    if user.answers {
        writeln!(f, "# Connects with ?inbox={} and the id {id:?}.", user.inbox())?;
    } else {
        writeln!(f, "# Connects with ?inbox={}.", user.inbox())?;
    }
    writeln!(f, "{} = {user}", user.user)
}
