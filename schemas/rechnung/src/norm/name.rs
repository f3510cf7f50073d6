// SPDX-License-Identifier: EUPL-1.2
//! Names of elements as small numbers: a document names each element once when it is read, rules compare numbers.

use std::sync::LazyLock;

use crate::tree::Ns;

/// An element of UBL 2.1 or CII D16B, by its place in `tabellen/namen.tsv`. Other elements have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub(super) u16);

impl Name {
    /// How many there are.
    pub fn count() -> usize {
        TABLE.names.len()
    }

    /// The name of an element, when a schema has it.
    pub fn of(ns: Ns, local: &str) -> Option<Self> {
        TABLE.find(ns, local)
    }

    /// Namespace and local name.
    pub fn parts(self) -> (Ns, &'static str) {
        TABLE.names[usize::from(self.0)]
    }

    /// Its place among all names.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Every name.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::count() as u16).map(Self)
    }

    /// As the tables write it: `cbc:ID`.
    pub fn from_prefixed(text: &str) -> Option<Self> {
        let (prefix, local) = text.split_once(':')?;
        Self::of(Ns::of_prefix(prefix)?, local)
    }
}

/// Open addressing over all names; four slots for each, so that nearly every look finds its own first.
struct Table {
    names: Vec<(Ns, &'static str)>,
    slots: Vec<u16>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(include_str!("../../tabellen/namen.tsv")));

const FREE: u16 = u16::MAX;

impl Table {
    fn read(table: &'static str) -> Self {
        let lines = table.lines().filter_map(|line| line.split_once(':'));
        let names: Vec<_> = lines.filter_map(|(prefix, local)| Some((Ns::of_prefix(prefix)?, local))).collect();
        let mut slots = vec![FREE; (names.len() * 4).next_power_of_two()];
        for (i, (ns, local)) in names.iter().enumerate() {
            let mut at = hash(*ns, local) & (slots.len() - 1);
            while slots[at] != FREE {
                at = (at + 1) & (slots.len() - 1);
            }
            slots[at] = i as u16;
        }
        Self { names, slots }
    }

    fn find(&self, ns: Ns, local: &str) -> Option<Name> {
        let mut at = hash(ns, local) & (self.slots.len() - 1);
        loop {
            match self.slots[at] {
                FREE => return None,
                i if self.names[usize::from(i)] == (ns, local) => return Some(Name(i)),
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

    #[test]
    fn every_name_is_found_and_no_other() {
        let lines = include_str!("../../tabellen/namen.tsv").lines().filter(|l| !l.starts_with('#'));
        assert_eq!(Name::count(), lines.count());
        for name in Name::all() {
            let (ns, local) = name.parts();
            assert_eq!(Name::of(ns, local), Some(name));
        }
        assert_eq!(Name::from_prefixed("ram:ID").map(Name::parts), Some((Ns::Ram, "ID")));
        assert_eq!(Name::of(Ns::Cbc, "Id"), None);
        assert_eq!(Name::of(Ns::Cac, "ID"), None);
        assert_eq!(Name::of(Ns::Foreign, "ID"), None);
        assert_eq!(Name::of(Ns::Cbc, ""), None);
    }
}
