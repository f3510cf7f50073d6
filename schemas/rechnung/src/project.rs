// SPDX-License-Identifier: EUPL-1.2
//! What both readers need: values out of elements, with what cannot be read noted as a problem.

use jiff::civil;

use crate::{
    anhang,
    model::{Attachment, Problem},
    tree::{NodeId, Tree},
    value::{Amount, Date, Identifier, Text, decimal},
    xml::WHITE,
};

pub(crate) struct Project<'t> {
    pub tree: &'t Tree,
    pub problems: Vec<Problem>,
}

impl Project<'_> {
    fn trimmed(&self, node: NodeId) -> String {
        self.tree.text(node).trim_matches(WHITE).to_owned()
    }

    fn problem(&mut self, code: &'static str, text: String, node: NodeId, blocking: bool) {
        self.problems.push(Problem { code, text, node, blocking });
    }

    fn element(&self, node: NodeId) -> &str {
        self.tree.name(node).1
    }

    /// Fills a field that may come once. The first one counts; a second one is reported.
    pub fn once<T>(&mut self, slot: &mut Option<T>, value: T, node: NodeId) {
        self.fill(slot, value, node, false);
    }

    /// Like [`Self::once`] for fields by which an invoice is known, paid or filed: a second one blocks.
    pub fn key<T>(&mut self, slot: &mut Option<T>, value: T, node: NodeId) {
        self.fill(slot, value, node, true);
    }

    fn fill<T>(&mut self, slot: &mut Option<T>, value: T, node: NodeId, blocking: bool) {
        if slot.is_none() {
            *slot = Some(value);
        } else {
            let text = format!("Das Feld {} steht mehrfach in der Rechnung.", self.element(node));
            self.problem("duplicate-field", text, node, blocking);
        }
    }

    pub fn text(&mut self, slot: &mut Option<Text>, node: NodeId) {
        let value = Text { value: self.trimmed(node), node };
        self.once(slot, value, node);
    }

    pub fn key_text(&mut self, slot: &mut Option<Text>, node: NodeId) {
        let value = Text { value: self.trimmed(node), node };
        if self.tree.is_mixed(node) {
            let text = format!("Das Feld {} enthält unerwartete Unterelemente.", self.element(node));
            self.problem("mixed-content", text, node, true);
        }
        self.key(slot, value, node);
    }

    pub fn some_text(&self, node: NodeId) -> Text {
        Text { value: self.trimmed(node), node }
    }

    pub fn identifier(&self, node: NodeId) -> Identifier {
        let scheme = self.tree.attribute(node, "schemeID").map(str::to_owned);
        Identifier { value: self.trimmed(node), scheme, node }
    }

    /// An amount, quantity or rate; one that is no decimal is a blocking problem and leaves the field empty.
    pub fn amount(&mut self, slot: &mut Option<Amount>, node: NodeId) {
        let text = self.trimmed(node);
        let mixed = self.tree.is_mixed(node) || self.tree.children(node).next().is_some();
        match decimal(&text).filter(|_| !mixed) {
            Some(value) => self.key(slot, Amount { value, text, node }, node),
            None => {
                let shown = crate::format::visible(&text, 40);
                let text = format!("Der Wert „{shown}“ im Feld {} ist keine gültige Zahl.", self.element(node));
                self.problem("amount-pattern", text, node, true);
            }
        }
    }

    pub fn date(&mut self, slot: &mut Option<Date>, node: NodeId, read: fn(&str) -> Option<civil::Date>) {
        let text = self.trimmed(node);
        match read(&text) {
            Some(value) => self.key(slot, Date { value, node }, node),
            None => {
                let shown = crate::format::visible(&text, 40);
                let text = format!("Das Datum „{shown}“ im Feld {} gibt es nicht.", self.element(node));
                self.problem("date-impossible", text, node, true);
            }
        }
    }

    pub fn attachment(&self, node: NodeId) -> Attachment {
        Attachment {
            node,
            mime: self.tree.attribute(node, "mimeCode").map(str::to_owned),
            name: self.tree.attribute(node, "filename").map(str::to_owned),
            size: anhang::decoded_size(self.tree.text(node)),
        }
    }
}
