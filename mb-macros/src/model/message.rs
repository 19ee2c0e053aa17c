//! The message of an error: text with `{placeholders}` that are the error's fields.

use syn::{Field, Fields, Ident, LitStr};

use super::is_sensitive;
use crate::{
    errors::{Errors, expected},
    names,
};

/// A message template that was checked against the fields it shows.
#[derive(Default)]
pub(crate) struct Template {
    /// As the user wrote it.
    pub(crate) text: String,
    /// For `format_args!`: the placeholders are numbered.
    pub(crate) format: String,
    /// The fields shown, in the order of their numbers.
    pub(crate) shown: Vec<Ident>,
}

impl Template {
    pub(super) fn new(message: &LitStr, fields: &Fields, errors: &Errors) -> Self {
        let text = message.value();
        let mut template = Self { text: text.clone(), ..Self::default() };
        if let Err(reason) = template.read(&text, fields) {
            errors.at(message, reason);
            return Self { format: escape(&text), text, shown: Vec::new() };
        }
        template
    }

    fn read(&mut self, text: &str, fields: &Fields) -> Result<(), String> {
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            self.format.push_str(before);
            rest = if let Some(after) = from.strip_prefix("{{") {
                self.format.push_str("{{");
                after
            } else if let Some(after) = from.strip_prefix("}}") {
                self.format.push_str("}}");
                after
            } else if from.starts_with('}') {
                return Err("a `}` without its `{`: write `}}` for a brace".to_owned());
            } else {
                let Some(end) = from.find('}') else {
                    return Err("a `{` without its `}`: write `{{` for a brace".to_owned());
                };
                self.placeholder(&from[1..end], fields)?;
                &from[end + 1..]
            };
        }
        self.format.push_str(rest);
        Ok(())
    }

    fn placeholder(&mut self, inside: &str, fields: &Fields) -> Result<(), String> {
        let (name, spec) = inside.split_once(':').unwrap_or((inside, ""));
        let known: Vec<&Ident> = fields.iter().filter_map(|field| field.ident.as_ref()).collect();
        let Some(field) = known.iter().find(|field| names::text(field) == name) else {
            let known: Vec<String> = known.into_iter().map(names::text).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            return Err(if known.is_empty() {
                format!("`{{{name}}}` is no field of this error: it has none")
            } else {
                format!("`{{{name}}}` is no field of this error: {}", expected(name, &known))
            });
        };
        let is_hidden = |field: &Field| {
            field.ident.as_ref().is_some_and(|ident| names::text(ident) == name)
                && is_sensitive(&field.attrs)
        };
        if fields.iter().any(is_hidden) {
            return Err(format!(
                "`{name}` is sensitive, and a message is read by everybody: take `{{{inside}}}` out of it"
            ));
        }
        if !["", "?", "#?"].contains(&spec) {
            return Err(format!("`{{{inside}}}`: a placeholder is `{{{name}}}` or `{{{name}:?}}`"));
        }
        let number = self.shown.iter().position(|shown| shown == *field).unwrap_or_else(|| {
            self.shown.push((*field).clone());
            self.shown.len() - 1
        });
        let spec = if spec.is_empty() { String::new() } else { format!(":{spec}") };
        self.format.push_str(&format!("{{{number}{spec}}}"));
        Ok(())
    }
}

fn escape(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}
