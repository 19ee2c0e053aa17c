//! How the names of declarations become the names on the wire and in generated code.

use heck::{ToLowerCamelCase, ToShoutySnakeCase, ToUpperCamelCase};
use syn::{Ident, ext::IdentExt};

/// The plain text of a name, without `r#`.
pub(crate) fn text(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// `create_order` and `OrderCreated` are `createOrder` and `orderCreated` on the wire.
pub(crate) fn wire(ident: &Ident) -> String {
    text(ident).to_lower_camel_case()
}

/// `order_id` is `orderId` on the wire: as serde has it, since serde writes it.
pub(crate) fn field(ident: &Ident) -> String {
    let mut name = String::new();
    let mut capital = false;
    for letter in text(ident).chars() {
        match letter {
            '_' => {}
            letter if name.is_empty() => name.push(letter.to_ascii_lowercase()),
            letter if capital => name.push(letter.to_ascii_uppercase()),
            letter => name.push(letter),
        }
        capital = letter == '_';
    }
    name
}

/// The variant `ByPost` is `byPost` on the wire: as serde has it, since serde writes it.
pub(crate) fn wire_variant(ident: &Ident) -> String {
    let text = text(ident);
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// `OrderNotFound` has the code `ORDER_NOT_FOUND`.
pub(crate) fn code(ident: &Ident) -> String {
    text(ident).to_shouty_snake_case()
}

/// Whether a name has a form on the wire: ASCII, with a letter first once underscores are left out.
pub(crate) fn can_travel(ident: &Ident) -> bool {
    let text = text(ident);
    text.is_ascii() && text.trim_start_matches('_').starts_with(|c: char| c.is_ascii_alphabetic())
}

/// `create_order` has the payload `CreateOrder`.
pub(crate) fn payload(ident: &Ident) -> Ident {
    Ident::new(&text(ident).to_upper_camel_case(), ident.span())
}

/// Whether a name that the user chose for the wire is one: letters, digits, `_`, `-`, `.`.
pub(crate) fn is_wire_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

/// Whether a code that the user chose is in SCREAMING_SNAKE_CASE.
pub(crate) fn is_code(code: &str) -> bool {
    code == code.to_shouty_snake_case() && !code.is_empty()
}
