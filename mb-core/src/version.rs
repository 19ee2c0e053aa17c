//! Which version of which contract a side speaks or serves, as it tells the other.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{ContractDescriptor, Fault, FaultKind, descriptor::major};

/// A contract's name, version and fingerprint: what two sides compare before the first call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractVersion {
    /// The name on the wire: `orders`.
    pub name: String,
    /// A semantic version: `1.0.0`.
    pub version: String,
    /// The hash of every declared shape, as 16 hexadecimal digits: a JSON number would not hold it.
    #[serde(default, deserialize_with = "text_or_number")]
    pub fingerprint: String,
}

impl ContractVersion {
    /// The version of a contract of this program's.
    pub fn of(contract: &ContractDescriptor) -> Self {
        Self {
            name: contract.name.to_owned(),
            version: contract.version.to_owned(),
            fingerprint: format!("{:016x}", contract.fingerprint),
        }
    }

    /// The first number of the version.
    pub fn major(&self) -> &str {
        major(&self.version)
    }

    /// Whether the two sides of a conversation may use these: one name, and the first numbers of
    /// their versions agree.
    pub fn is_compatible(&self, other: &Self) -> bool {
        self.name == other.name && self.major() == other.major()
    }

    /// Whether `peer`, as it is called in the fault, serves a compatible version of this one.
    ///
    /// # Errors
    /// `CONTRACT_MISMATCH`, with both versions in the details.
    pub fn check(&self, peer: &str, served: &[Self]) -> Result<(), Fault> {
        // Where several servers are one peer, they may serve several.
        if served.iter().any(|theirs| theirs.is_compatible(self)) {
            return Ok(());
        }
        let theirs = served.iter().find(|theirs| theirs.name == self.name);
        let reason = match theirs {
            Some(theirs) => format!(
                "the {peer} serves `{}` {}, this side speaks {}: build both from one major version",
                self.name, theirs.version, self.version
            ),
            None => {
                let names: Vec<_> =
                    served.iter().map(|served| format!("`{}`", served.name)).collect();
                let serves = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                format!(
                    "the {peer} does not serve the contract `{}`: it serves {serves}",
                    self.name
                )
            }
        };
        Err(Fault::new(FaultKind::ContractMismatch, reason).with_details(serde_json::json!({
            "contract": self.name,
            "client": self.version,
            "server": theirs.map(|theirs| theirs.version.as_str()),
        })))
    }
}

/// Other implementations may write the fingerprint as a number.
fn text_or_number<'de, D: Deserializer<'de>>(reader: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Number(u64),
    }
    Ok(match Either::deserialize(reader)? {
        Either::Text(text) => text,
        Either::Number(number) => format!("{number:016x}"),
    })
}
