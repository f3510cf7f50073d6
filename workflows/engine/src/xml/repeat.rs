// SPDX-License-Identifier: EUPL-1.2
//! Loops and multi-instances.

use super::build::Builder;
use super::{attr, camunda, child, child_text, eakte, local, text, truth, zeebe};
use crate::definition::{El, Multi, Repeat, Text};

impl<'a, 'x: 'a> Builder<'a, 'x> {
    /// `standardLoopCharacteristics` or `multiInstanceLoopCharacteristics`.
    pub fn read_repeat(&mut self, e: El) {
        let both = ["standardLoopCharacteristics", "multiInstanceLoopCharacteristics"];
        let drawn = both.into_iter().filter(|name| self.loop_node(e, name).is_some()).count();
        if drawn > 0 && !self.elements[e as usize].is_activity() {
            self.error(e, "loop", "Nur eine Aktivität kann sich wiederholen.".into());
            return;
        }
        if drawn > 1 {
            self.error(
                e,
                "loop",
                "Eine Aktivität wiederholt sich entweder als Schleife oder je Eintrag, nicht beides.".into(),
            );
        }
        let repeat = if let Some(node) = self.loop_node(e, "standardLoopCharacteristics") {
            let condition = match child_text(node, "loopCondition") {
                Some(condition) => self.expr(e, "Wiederholung", &condition),
                None => None,
            };
            let maximum = attr(node, "loopMaximum").map(|m| m.trim().to_owned());
            if maximum.as_ref().is_some_and(|m| !m.parse::<u32>().is_ok_and(|m| m > 0)) {
                self.error(e, "loop", "Die Höchstzahl der Wiederholungen ist keine Zahl ab 1.".into());
            }
            if condition.is_none() && maximum.is_none() {
                self.error(e, "loop", "Der Wiederholung fehlt die Bedingung. Sie würde nie enden.".into());
            }
            let test_before = truth(node, "testBefore") == Some(true);
            Some(Repeat::Loop { condition, test_before, maximum: maximum.map(Text::Plain) })
        } else {
            self.loop_node(e, "multiInstanceLoopCharacteristics")
                .map(|node| Repeat::Multi(Box::new(self.multi(e, node))))
        };
        if repeat.is_some() && self.elements[e as usize].for_compensation {
            self.error(e, "unsupported", "Eine Aktivität, die rückgängig macht, kann sich nicht wiederholen.".into());
        }
        self.elements[e as usize].repeat = repeat;
    }

    fn multi(&mut self, e: El, node: roxmltree::Node<'a, 'x>) -> Multi {
        let zeebe_loop = zeebe(node, "loopCharacteristics").next();
        let zeebe_attr = |name| zeebe_loop.and_then(|z| attr(z, name));
        let named = |reference: &str| {
            let id = local(reference);
            self.globals.data.get(id).copied().unwrap_or(id).to_owned()
        };
        let of_child = |name| child(node, name).and_then(|n| attr(n, "name").or(attr(n, "id"))).map(str::to_owned);
        let collection = eakte(node, "sammlung")
            .or_else(|| zeebe_attr("inputCollection"))
            .or_else(|| camunda(node, "collection"))
            .map(str::to_owned);
        let collection = collection.or_else(|| child(node, "loopDataInputRef").map(|r| named(&text(r))));
        let item = eakte(node, "eintrag")
            .or_else(|| zeebe_attr("inputElement"))
            .or_else(|| camunda(node, "elementVariable"))
            .map(str::to_owned);
        let item = item.or_else(|| of_child("inputDataItem"));
        let result_list = eakte(node, "ergebnisListe").or_else(|| zeebe_attr("outputCollection")).map(str::to_owned);
        let result_list = result_list.or_else(|| child(node, "loopDataOutputRef").map(|r| named(&text(r))));
        let result_item = eakte(node, "ergebnisEintrag").or_else(|| zeebe_attr("outputElement")).map(str::to_owned);
        let result_item = result_item.or_else(|| of_child("outputDataItem"));
        let cardinality = child_text(node, "loopCardinality");
        if cardinality.is_none() && collection.is_none() {
            self.error(e, "loop", "Der Mehrfachausführung fehlt die Anzahl oder die Liste.".into());
        }
        let mut parse = |what: &str, text: Option<String>| text.and_then(|t| self.expr(e, what, &t));
        Multi {
            sequential: truth(node, "isSequential") == Some(true),
            cardinality: parse("Anzahl", cardinality),
            collection: parse("Liste", collection),
            item,
            result_list,
            result_item: parse("Ergebnis", result_item),
            completion: parse("Abschlussbedingung", child_text(node, "completionCondition")),
        }
    }
}
