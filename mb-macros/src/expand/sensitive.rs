//! Under which names on the wire something sensitive may stand in a message: its own fields and those
//! of every type of the contract that it may hold.
//!
//! Rather too much than too little. A type that is imported may hold any of the contract's own, as far
//! as can be seen from here. What it keeps secret itself cannot be seen: the field that holds it has to
//! say so. What is sensitive and has no name, as in `struct Pin(#[sensitive] u32)`,
//! makes whatever holds it sensitive.

use std::collections::{BTreeSet, HashMap};

use syn::{
    Attribute, Expr, Fields, GenericParam, Generics, Ident, Macro, Path, Type, UseTree,
    visit_mut::{self, VisitMut},
};

use crate::{
    model::{Contract, ErrorEnum, ErrorVariant, Event, PlainType, Request, is_sensitive},
    names,
    serde_attributes::{Naming, has_key},
};

/// Types that hold nothing but what their parameters are.
const HOLDS_NOTHING: [&str; 41] = [
    "bool",
    "char",
    "str",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "f32",
    "f64",
    "String",
    "Vec",
    "Option",
    "Result",
    "Box",
    "Arc",
    "Rc",
    "Cow",
    "HashMap",
    "BTreeMap",
    "HashSet",
    "BTreeSet",
    "VecDeque",
    "LinkedList",
    "BinaryHeap",
    "Mutex",
    "RwLock",
    "Cell",
    "RefCell",
    "PathBuf",
    "Duration",
    "SystemTime",
    "IpAddr",
    "SocketAddr",
];

/// With these, what is on the wire has other fields than the type, or none, or another shape than the
/// field.
const OTHER_TYPE: [&str; 4] = ["from", "try_from", "into", "transparent"];
const OTHER_SHAPE: [&str; 3] = ["with", "serialize_with", "deserialize_with"];

/// What may be found in a value.
#[derive(Clone, Default, PartialEq)]
struct Found {
    /// The names of sensitive fields on the wire.
    names: BTreeSet<String>,
    /// Whether there is something sensitive that has no name in the value.
    nameless: bool,
}

impl Found {
    fn is_nothing(&self) -> bool {
        self.names.is_empty() && !self.nameless
    }

    fn add(&mut self, other: &Self) {
        self.names.extend(other.names.iter().cloned());
        self.nameless |= other.nameless;
    }
}

/// What is sensitive in a message.
#[derive(Default)]
pub(super) struct InMessage {
    /// The names on the wire. An empty one stands for the whole of a reply, or of the payload.
    pub(super) names: BTreeSet<String>,
    /// The message's own fields that hold nothing of it.
    pub(super) shown: Vec<String>,
}

/// What every type of a contract may hold.
pub(super) struct Sensitive {
    types: HashMap<String, Found>,
    /// What any of them may hold.
    all: Found,
    /// What is imported, by the name that it has here, and whether it is Rust's own.
    imported: HashMap<String, bool>,
}

/// A field of whatever has fields.
struct Part<'a> {
    ident: Option<&'a Ident>,
    attrs: &'a [Attribute],
    ty: &'a Type,
}

impl Sensitive {
    pub(super) fn new(contract: &Contract) -> Self {
        let mut imported = HashMap::new();
        for item in &contract.uses {
            let is_own = match &item.tree {
                UseTree::Path(path) => is_rusts_own(&path.ident),
                _ => false,
            };
            imports(&item.tree, is_own, &mut imported);
        }
        let mut known = Self { types: HashMap::new(), all: Found::default(), imported };
        // Types hold each other: until nothing new is found.
        while known.look(contract) {}
        known
    }

    /// What is sensitive in the payload of a request, or in its reply.
    pub(super) fn in_request(&self, request: &Request) -> InMessage {
        let attrs = &request.payload_attrs;
        let mut message =
            self.in_message(attrs, &Naming::of(attrs, "rename_all"), arguments(request));
        let reply = self.in_type(&request.reply.ty, &Generics::default());
        message.names.extend(reply.names);
        message.names.extend(reply.nameless.then(String::new));
        message
    }

    pub(super) fn in_event(&self, event: &Event) -> InMessage {
        let item = &event.item;
        self.in_message(&item.attrs, &Naming::of(&item.attrs, "rename_all"), parts(&item.fields))
    }

    pub(super) fn in_error(&self, error: &ErrorEnum, variant: &ErrorVariant) -> InMessage {
        let variant = &variant.variant;
        self.in_message(&error.attrs, &naming(&error.attrs, &variant.attrs), parts(&variant.fields))
    }

    /// Whether a value of this type may hold anything sensitive.
    pub(super) fn may_be_in(&self, ty: &Type, own: &Generics) -> bool {
        !self.in_type(ty, own).is_nothing()
    }

    fn in_message<'a>(
        &self,
        attrs: &[Attribute],
        naming: &Naming,
        fields: impl Iterator<Item = Part<'a>>,
    ) -> InMessage {
        let mut all = Found::default();
        let mut shown = Vec::new();
        for part in fields {
            let found = self.in_part(&part, naming, &Generics::default());
            // What is flattened has the names of its own fields.
            if let (true, Some(ident)) =
                (found.is_nothing() && !is(part.attrs, "flatten"), part.ident)
            {
                shown.extend(naming.field(ident, part.attrs));
            }
            all.add(&found);
        }
        if OTHER_TYPE.iter().any(|key| is(attrs, key)) {
            shown.clear();
            all.nameless |= !all.is_nothing();
        }
        let mut names = all.names;
        names.extend(all.nameless.then(String::new));
        InMessage { names, shown }
    }

    /// Looks through the whole contract with what is known. Says whether there was anything new.
    fn look(&mut self, contract: &Contract) -> bool {
        let mut types = HashMap::new();
        for item in &contract.types {
            types.insert(names::text(item.ident()), self.in_plain(item));
        }
        for Event { item, .. } in &contract.events {
            let naming = Naming::of(&item.attrs, "rename_all");
            let fields = parts(&item.fields);
            let found = self.in_parts(&item.attrs, fields, &naming, &Generics::default());
            types.insert(names::text(&item.ident), found);
        }
        for error in &contract.errors {
            let variants = error.variants.iter().map(|error| &error.variant);
            let mut found = Found::default();
            for variant in variants {
                let naming = naming(&error.attrs, &variant.attrs);
                let fields = parts(&variant.fields);
                found.add(&self.in_parts(&error.attrs, fields, &naming, &Generics::default()));
            }
            types.insert(names::text(&error.ident), found);
        }
        let mut all = Found::default();
        types.values().for_each(|found| all.add(found));
        for request in &contract.requests {
            let attrs = &request.payload_attrs;
            let naming = Naming::of(attrs, "rename_all");
            let fields = arguments(request);
            all.add(&self.in_parts(attrs, fields, &naming, &Generics::default()));
        }
        let is_new = types != self.types || all != self.all;
        (self.types, self.all) = (types, all);
        is_new
    }

    fn in_plain(&self, item: &PlainType) -> Found {
        match item {
            PlainType::Struct(item) => {
                let naming = Naming::of(&item.attrs, "rename_all");
                self.in_parts(&item.attrs, parts(&item.fields), &naming, &item.generics)
            }
            PlainType::Enum(item) => {
                let mut found = Found::default();
                for variant in &item.variants {
                    let naming = naming(&item.attrs, &variant.attrs);
                    let fields = parts(&variant.fields);
                    found.add(&self.in_parts(&item.attrs, fields, &naming, &item.generics));
                }
                found
            }
            PlainType::Alias(item) => self.in_type(&item.ty, &item.generics),
        }
    }

    fn in_parts<'a>(
        &self,
        attrs: &[Attribute],
        fields: impl Iterator<Item = Part<'a>>,
        naming: &Naming,
        own: &Generics,
    ) -> Found {
        let mut found = Found::default();
        fields.for_each(|part| found.add(&self.in_part(&part, naming, own)));
        found.nameless |= !found.is_nothing() && OTHER_TYPE.iter().any(|key| is(attrs, key));
        found
    }

    fn in_part(&self, part: &Part<'_>, naming: &Naming, own: &Generics) -> Found {
        let held = self.in_type(part.ty, own);
        let reshaped = || OTHER_SHAPE.iter().any(|key| is(part.attrs, key));
        let whole =
            is_sensitive(part.attrs) || held.nameless || (!held.names.is_empty() && reshaped());
        let mut found = Found { names: held.names, nameless: false };
        match part.ident {
            Some(ident) if whole && !is(part.attrs, "flatten") => {
                found.names.extend(naming.field(ident, part.attrs));
            }
            _ => found.nameless = whole,
        }
        found
    }

    /// `own` are the parameters of whatever the type is part of: what they stand for is said where
    /// they are filled in.
    fn in_type(&self, ty: &Type, own: &Generics) -> Found {
        let mut look = Look { known: self, own, found: Found::default() };
        look.visit_type_mut(&mut ty.clone());
        look.found
    }

    fn at(&self, path: &Path, own: &Generics) -> Found {
        let mut segments = path.segments.iter().map(|segment| &segment.ident);
        let Some(first) = segments.next() else { return Found::default() };
        let name = match segments.next() {
            None => names::text(first),
            Some(name) if first == "self" && path.segments.len() == 2 => names::text(name),
            Some(_) if is_rusts_own(first) => return Found::default(),
            Some(_) => return self.all.clone(),
        };
        let is_parameter = own.params.iter().any(|param| match param {
            GenericParam::Type(param) => param.ident == name,
            _ => false,
        });
        if is_parameter {
            return Found::default();
        }
        match (self.types.get(&name), self.imported.get(&name)) {
            (Some(found), _) => found.clone(),
            (None, Some(true)) => Found::default(),
            (None, None) if HOLDS_NOTHING.contains(&name.as_str()) => Found::default(),
            (None, _) => self.all.clone(),
        }
    }
}

/// Adds up what is found at each name in a type.
struct Look<'a> {
    known: &'a Sensitive,
    own: &'a Generics,
    found: Found,
}

impl VisitMut for Look<'_> {
    fn visit_path_mut(&mut self, path: &mut Path) {
        self.found.add(&self.known.at(path, self.own));
        visit_mut::visit_path_mut(self, path);
    }

    fn visit_macro_mut(&mut self, _: &mut Macro) {
        self.found.add(&self.known.all);
    }

    /// The length of an array.
    fn visit_expr_mut(&mut self, _: &mut Expr) {}
}

fn is(attrs: &[Attribute], key: &str) -> bool {
    has_key(attrs, key)
}

fn parts(fields: &Fields) -> impl Iterator<Item = Part<'_>> {
    let fields = fields.iter();
    fields.map(|f| Part { ident: f.ident.as_ref(), attrs: &f.attrs, ty: &f.ty })
}

fn arguments(request: &Request) -> impl Iterator<Item = Part<'_>> {
    let arguments = request.arguments.iter();
    arguments.map(|a| Part { ident: Some(&a.ident), attrs: &a.attrs, ty: &a.ty })
}

/// How the fields of a variant are called.
pub(super) fn naming(of_enum: &[Attribute], of_variant: &[Attribute]) -> Naming {
    Naming::of(of_variant, "rename_all").or(&Naming::of(of_enum, "rename_all_fields"))
}

fn is_rusts_own(ident: &Ident) -> bool {
    ["std", "core", "alloc"].iter().any(|name| ident == name)
}

fn imports(tree: &UseTree, is_own: bool, found: &mut HashMap<String, bool>) {
    match tree {
        UseTree::Path(path) => imports(&path.tree, is_own, found),
        UseTree::Name(name) => drop(found.insert(names::text(&name.ident), is_own)),
        UseTree::Rename(rename) => drop(found.insert(names::text(&rename.rename), is_own)),
        UseTree::Group(group) => group.items.iter().for_each(|tree| imports(tree, is_own, found)),
        UseTree::Glob(_) => {}
    }
}
