//! Which types cannot travel, whatever they stand for: borrowed ones, and those without one shape.

use quote::ToTokens;
use syn::{
    Type,
    visit_mut::{self, VisitMut},
};

use crate::errors::Errors;

/// Reports what cannot travel, at the place where it stands.
pub(super) fn check_type(ty: &Type, what: &str, errors: &Errors) -> bool {
    struct Owned<'a> {
        what: &'a str,
        errors: &'a Errors,
        sound: bool,
    }
    impl VisitMut for Owned<'_> {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            let what = self.what;
            let reason = match ty {
                Type::Reference(reference) => match &*reference.elem {
                    Type::Path(path) if path.path.is_ident("str") => {
                        "a reference cannot travel: write `String`".to_owned()
                    }
                    Type::Slice(_) => "a reference cannot travel: write `Vec<..>`".to_owned(),
                    _ => format!("a reference cannot travel: {what} is owned"),
                },
                Type::ImplTrait(_) => format!("{what} has one type: `impl Trait` cannot travel"),
                Type::TraitObject(_) => format!("{what} has one type: `dyn Trait` cannot travel"),
                Type::Ptr(_) => "a pointer cannot travel".to_owned(),
                Type::FnPtr(_) => "a function cannot travel".to_owned(),
                Type::Infer(_) => format!("say the type of {what}: the contract is what it says"),
                _ => return visit_mut::visit_type_mut(self, ty),
            };
            self.errors.at(ty.to_token_stream(), reason);
            self.sound = false;
        }
    }
    let mut owned = Owned { what, errors, sound: true };
    owned.visit_type_mut(&mut ty.clone());
    owned.sound
}
