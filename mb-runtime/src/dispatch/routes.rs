//! Which names are served, in full and bare. Frozen when the server starts.

use std::sync::Arc;

use mb_core::{Actor, ContractDescriptor, EventDescriptor, Fault, FaultKind, Name};
use rustc_hash::FxHashMap;

use super::{Gate, Route, ServedContract, Service, chain};
use crate::{
    access::{Action, Audit, Readers, Rights, Rule, Rules},
    middleware::{Chain, Layers},
    wire::system::{SYSTEM_EVENTS, is_system},
};

/// Every contract of a server, by the names of its requests and events.
pub(crate) struct Routes {
    contracts: Arc<[&'static ContractDescriptor]>,
    requests: Names<Route>,
    declared: FxHashMap<usize, Arc<Route>>,
    events: Names<ServedEvent>,
    /// How many events can be asked for, the system's included.
    count: usize,
    rules: Rules,
    /// What events go through, by full name, where that is anything.
    chains: FxHashMap<&'static str, Chain>,
    /// What events of other contracts go through.
    others: Option<Chain>,
}

/// One event, and who may do what with it, where not everybody may.
pub(crate) struct ServedEvent {
    /// Which one it is of all that can be asked for here, the system's included.
    pub(crate) number: usize,
    pub(crate) descriptor: &'static EventDescriptor,
    pub(crate) read: Option<Rule>,
    pub(crate) emit: Option<Rule>,
}

/// Two contracts of one server have the same name.
#[derive(Debug)]
pub(crate) struct DuplicateContract(pub(crate) &'static str);

/// What is served under each name. A bare name that two contracts use leads to neither.
struct Names<T>(FxHashMap<&'static str, Found<T>>);

enum Found<T> {
    One(Arc<T>),
    Several,
}

impl<T> Names<T> {
    fn insert(&mut self, full: &'static str, bare: &'static str, value: Arc<T>) {
        self.0
            .entry(bare)
            .and_modify(|found| *found = Found::Several)
            .or_insert_with(|| Found::One(Arc::clone(&value)));
        self.0.insert(full, Found::One(value));
    }

    fn find(&self, name: &str) -> Option<&Arc<T>> {
        match self.0.get(name)? {
            Found::One(value) => Some(value),
            Found::Several => None,
        }
    }
}

impl Routes {
    /// The routes to these contracts, through what is `around` all of them, and the services that
    /// they lead to while somebody keeps them.
    pub(crate) fn new(
        served: Vec<ServedContract>,
        gate: &Arc<Gate>,
        around: &Layers,
        audit: &Arc<Audit>,
    ) -> Result<(Arc<Self>, Vec<Service>), DuplicateContract> {
        let contracts: Arc<[_]> = served.iter().map(|contract| contract.descriptor).collect();
        let mut requests = Names(FxHashMap::default());
        let mut declared = FxHashMap::default();
        let mut events = Names(FxHashMap::default());
        let mut services = Vec::new();
        let mut chains = FxHashMap::default();
        let mut rules = Rules::default();
        let mut count = SYSTEM_EVENTS.len();
        for (position, contract) in served.into_iter().enumerate() {
            let descriptor = contract.descriptor;
            if contracts.iter().take(position).any(|other| other.name == descriptor.name) {
                return Err(DuplicateContract(descriptor.name));
            }
            for event in descriptor.events {
                let chain = chain(around, &contract.layers, event.full_name);
                if !chain.is_empty() {
                    chains.insert(event.full_name, chain);
                }
                let EventDescriptor { full_name, name, subscribe, emit, .. } = event;
                let read = rules.add(descriptor, subscribe, Action::Subscribe, full_name);
                let emit = rules.add(descriptor, emit, Action::Emit, full_name);
                let event = ServedEvent { number: count, descriptor: event, read, emit };
                count += 1;
                events.insert(full_name, name, Arc::new(event));
            }
            let (service, routes) = contract.open(gate, around, audit);
            services.push(service);
            for mut route in routes {
                let request = route.descriptor;
                let (name, access) = (request.full_name, &request.access);
                route.rule = rules.add(descriptor, access, Action::Request, name);
                let route = Arc::new(route);
                declared.insert(std::ptr::from_ref(request).addr(), Arc::clone(&route));
                requests.insert(request.full_name, request.name, route);
            }
        }
        let others = Some(around.for_others()).filter(|chain| !chain.is_empty());
        let routes = Self { contracts, requests, declared, events, count, rules, chains, others };
        Ok((Arc::new(routes), services))
    }

    pub(crate) fn contracts(&self) -> &Arc<[&'static ContractDescriptor]> {
        &self.contracts
    }

    /// Whether two contracts have events of this bare name, so that only a full one will do.
    pub(crate) fn is_ambiguous(&self, event: &EventDescriptor) -> bool {
        matches!(self.events.0.get(event.name), Some(Found::Several))
    }

    /// The request of this name.
    #[inline]
    pub(crate) fn request(&self, name: &Name) -> Result<&Route, Fault> {
        // A client of this very contract names it by its address: no text is compared.
        if let Name::Request(request) = name
            && let Some(route) = self.declared.get(&std::ptr::from_ref(*request).addr())
        {
            return Ok(route);
        }
        self.request_of_text(name.as_str())
    }

    /// The request of this name, full or bare.
    #[inline(never)]
    pub(crate) fn request_of_text(&self, name: &str) -> Result<&Route, Fault> {
        self.requests.find(name).map(|route| &**route).ok_or_else(|| {
            let full = |contract: &ContractDescriptor| {
                contract.requests.iter().find(|r| r.name == name).map(|r| r.full_name)
            };
            self.unknown(FaultKind::UnknownRequest, "request", name, full)
        })
    }

    /// The event of this name.
    pub(crate) fn event(&self, name: &str) -> Result<&ServedEvent, Fault> {
        self.events.find(name).map(|event| &**event).ok_or_else(|| {
            let full = |contract: &ContractDescriptor| {
                contract.events.iter().find(|e| e.name == name).map(|e| e.full_name)
            };
            self.unknown(FaultKind::ContractMismatch, "event", name, full)
        })
    }

    /// How many events can be asked for.
    pub(crate) fn events(&self) -> usize {
        self.count
    }

    /// The number of the event of this name.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.events.find(name).map(|event| event.number).or_else(|| self.system_event(name))
    }

    /// The number of the system event of this name that a client may ask for.
    pub(crate) fn system_event(&self, name: &str) -> Option<usize> {
        SYSTEM_EVENTS.iter().position(|event| *event == name)
    }

    /// Who gets an event. Of one that no contract served here has, its own says so, by rules that
    /// nobody can be found to meet.
    pub(crate) fn readers(&self, event: &Name) -> Readers {
        match (self.events.0.get(event.as_str()), event) {
            (Some(Found::One(event)), _) => event.read.map_or(Readers::Everybody, Readers::Those),
            (Some(Found::Several), _) if !self.rules.is_empty() => Readers::Nobody,
            (None, Name::Event(event)) if !event.subscribe.is_public() => Readers::Nobody,
            _ => Readers::Everybody,
        }
    }

    /// What the rules of all contracts come to for somebody.
    pub(crate) fn rights_of(&self, actor: &Actor) -> Rights {
        self.rules.rights_of(actor)
    }

    /// What an event goes through, if anything.
    pub(crate) fn chain(&self, event: &Name) -> Option<&Chain> {
        let name = event.as_str();
        self.chains.get(name).or_else(|| self.others.as_ref().filter(|_| !is_system(name)))
    }

    fn unknown(
        &self,
        kind: FaultKind,
        what: &str,
        name: &str,
        full: impl Fn(&ContractDescriptor) -> Option<&'static str>,
    ) -> Fault {
        let candidates: Vec<_> = self.contracts.iter().filter_map(|c| full(c)).collect();
        // A name from outside may be long; nobody is helped by all of it.
        let name: String = name.chars().take(100).collect();
        let reason = if candidates.is_empty() {
            let served: Vec<_> = self.contracts.iter().map(|contract| contract.name).collect();
            let served = if served.is_empty() { "none".to_owned() } else { served.join(", ") };
            format!("no contract served here has it (there is {served})")
        } else {
            format!("it may be {}: say which, in full", candidates.join(" or "))
        };
        Fault::new(kind, format!("unknown {what} `{name}`: {reason}"))
            .with_details(serde_json::json!({ "name": name }))
    }
}
