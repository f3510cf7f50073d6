// SPDX-License-Identifier: EUPL-1.2
//! Names of elements as small numbers: a document names each element once when it is read, rules compare numbers.

use std::sync::OnceLock;

use super::namen::ALL;
use crate::tree::Ns;

/// Makes the table of all names and a constant for each.
macro_rules! names {
    ($($ns:ident $local:literal $name:ident;)*) => {
        pub(super) static ALL: &[($crate::tree::Ns, &str)] = &[$(($crate::tree::Ns::$ns, $local)),*];
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Place { $($name),* }
        $(#[doc = $local] pub const $name: super::name::Name = super::name::Name(Place::$name as u16);)*
    };
}
pub(super) use names;

/// An element of UBL 2.1 or CII D16B, by its place in the table of all. Other elements have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub(super) u16);

impl Name {
    /// How many there are.
    pub const COUNT: usize = ALL.len();

    /// The name of an element, when a schema has it.
    pub fn of(ns: Ns, local: &str) -> Option<Self> {
        static TABLE: OnceLock<Table> = OnceLock::new();
        TABLE.get_or_init(Table::new).find(ns, local)
    }

    /// Namespace and local name.
    pub fn parts(self) -> (Ns, &'static str) {
        ALL[usize::from(self.0)]
    }

    /// Its place among all names.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Every name.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..ALL.len() as u16).map(Self)
    }

    /// As the tables write it: `cbc:ID`.
    pub fn from_prefixed(text: &str) -> Option<Self> {
        let (prefix, local) = text.split_once(':')?;
        Self::of(Ns::of_prefix(prefix)?, local)
    }
}

/// Open addressing over all names; four slots for each, so that nearly every look finds its own first.
struct Table {
    slots: Vec<u16>,
}

const FREE: u16 = u16::MAX;

impl Table {
    fn new() -> Self {
        let mut slots = vec![FREE; (ALL.len() * 4).next_power_of_two()];
        for (i, (ns, local)) in ALL.iter().enumerate() {
            let mut at = hash(*ns, local) & (slots.len() - 1);
            while slots[at] != FREE {
                at = (at + 1) & (slots.len() - 1);
            }
            slots[at] = i as u16;
        }
        Self { slots }
    }

    fn find(&self, ns: Ns, local: &str) -> Option<Name> {
        let mut at = hash(ns, local) & (self.slots.len() - 1);
        loop {
            match self.slots[at] {
                FREE => return None,
                i if ALL[usize::from(i)] == (ns, local) => return Some(Name(i)),
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        }
    }
}

/// FNV-1a over eight bytes at a time. A stranger who aims at it gains nothing: the table never grows.
fn hash(ns: Ns, local: &str) -> usize {
    let mut value = 0xcbf2_9ce4_8422_2325_u64 ^ ns as u64;
    for chunk in local.as_bytes().chunks(8) {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        value = (value ^ u64::from_le_bytes(bytes)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        value ^= value >> 29;
    }
    value as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::norm::namen;

    #[test]
    fn every_name_is_found_and_no_other() {
        for (i, (ns, local)) in ALL.iter().enumerate() {
            assert_eq!(Name::of(*ns, local), Some(Name(i as u16)));
        }
        assert_eq!(namen::CBC_ID.parts(), (Ns::Cbc, "ID"));
        assert_eq!(Name::from_prefixed("ram:ID"), Some(namen::RAM_ID));
        assert_eq!(Name::of(Ns::Cbc, "Id"), None);
        assert_eq!(Name::of(Ns::Cac, "ID"), None);
        assert_eq!(Name::of(Ns::Foreign, "ID"), None);
        assert_eq!(Name::of(Ns::Cbc, ""), None);
    }
}
