// SPDX-License-Identifier: EUPL-1.2
//! Blocks in which something goes wrong on purpose: errors, escalations, terminate, compensation, cancelled transactions.

use super::random::{Ends, Generator, LONG, Law};

impl Generator {
    pub fn trouble(&mut self, depth: u32, times: u64) -> Ends {
        match self.rng.below(6) {
            0 => self.error(depth, times),
            1 => self.error_inside(depth, times),
            2 => self.escalation(depth, times),
            3 => self.terminate(times),
            4 => self.compensation(times),
            _ => self.transaction(times),
        }
    }

    /// An error end event, caught at the edge of its sub-process.
    fn error(&mut self, depth: u32, times: u64) -> Ends {
        self.kind("errorEventDefinition");
        let error = "<errorEventDefinition errorRef=\"err\"/>";
        let inside = self.inside(|g| {
            let (start, end) = (g.node("startEvent", "", "", times), g.node("endEvent", "", error, times));
            let (entry, exit) = g.sequence(depth.saturating_sub(1), times);
            g.chain(&[&start, &entry]);
            g.chain(&[&exit, &end]);
        });
        let id = self.node("subProcess", "", &inside, 0);
        let event = self.node("boundaryEvent", &format!("attachedToRef=\"{id}\""), error, times);
        let merge = self.node("exclusiveGateway", "", "", times);
        self.flow(&id, &merge, None);
        self.flow(&event, &merge, None);
        self.model
            .laws
            .extend([Law::Interrupts(event.clone(), id.clone()), Law::Merge(vec![id.clone(), event], merge.clone())]);
        (id, merge)
    }

    /// An error caught by an event sub-process inside: the sub-process itself ends well.
    fn error_inside(&mut self, depth: u32, times: u64) -> Ends {
        self.kind("errorEventDefinition");
        let error = "<errorEventDefinition errorRef=\"err\"/>";
        let handler = self.inside(|g| {
            let (start, end) = (g.node("startEvent", "", error, times), g.node("endEvent", "", "", times));
            let (entry, exit) = g.leaf(times);
            g.chain(&[&start, &entry]);
            g.chain(&[&exit, &end]);
        });
        let inside = self.inside(|g| {
            let (start, end) = (g.node("startEvent", "", "", times), g.node("endEvent", "", error, times));
            let (entry, exit) = g.sequence(depth.saturating_sub(1), times);
            g.chain(&[&start, &entry]);
            g.chain(&[&exit, &end]);
            g.node("subProcess", "triggeredByEvent=\"true\"", &handler, times);
        });
        let id = self.node("subProcess", "", &inside, times);
        (id.clone(), id)
    }

    /// An escalation that lets its thrower go on: thrown twice, caught twice.
    fn escalation(&mut self, depth: u32, times: u64) -> Ends {
        self.kind("escalationEventDefinition");
        let escalation = "<escalationEventDefinition escalationRef=\"esc\"/>";
        let inside = self.inside(|g| {
            let start = g.node("startEvent", "", "", times);
            let first = g.node("intermediateThrowEvent", "", escalation, times);
            let (entry, exit) = g.sequence(depth.saturating_sub(1), times);
            let end = g.node("endEvent", "", escalation, times);
            g.chain(&[&start, &first, &entry]);
            g.chain(&[&exit, &end]);
        });
        let id = self.node("subProcess", "", &inside, times);
        let attributes = format!("attachedToRef=\"{id}\" cancelActivity=\"false\"");
        // It ends at once: what came after it might be withdrawn by an error that comes later.
        self.node("boundaryEvent", &attributes, escalation, 2 * times);
        (id.clone(), id)
    }

    /// A terminate end event withdraws the other branch of its own sub-process only.
    fn terminate(&mut self, times: u64) -> Ends {
        self.kind("terminateEventDefinition");
        let timer = self.timer("timeDuration", LONG);
        let inside = self.inside(|g| {
            let start = g.node("startEvent", "", "", times);
            let fork = g.node("parallelGateway", "", "", times);
            let work = g.node("userTask", "", "", times);
            let end = g.node("endEvent", "", "<terminateEventDefinition/>", times);
            let wait = g.node("intermediateCatchEvent", "", &timer, 0);
            let never = g.node("endEvent", "", "", 0);
            g.chain(&[&start, &fork, &work, &end]);
            g.chain(&[&fork, &wait, &never]);
        });
        let id = self.node("subProcess", "", &inside, times);
        (id.clone(), id)
    }

    /// A task with its handler, which is done at once or not; the task's id.
    fn undoable(&mut self, times: u64, undone: u64, at_once: bool) -> String {
        self.kind("compensateEventDefinition");
        let tag = ["task", "userTask"][self.rng.below(2) as usize];
        let task = self.node(tag, "", "", times);
        let attributes = format!("attachedToRef=\"{task}\"");
        let event = self.fresh();
        self.write(&format!(
            "<boundaryEvent id=\"{event}\" {attributes}><compensateEventDefinition/></boundaryEvent>\n"
        ));
        let tag = ["task", "userTask", "serviceTask"][if at_once { 0 } else { self.rng.below(3) as usize }];
        let handler = self.node(tag, "implementation=\"t\" isForCompensation=\"true\"", "", undone);
        let id = self.fresh();
        self.write(&format!("<association id=\"{id}\" sourceRef=\"{event}\" targetRef=\"{handler}\"/>\n"));
        task
    }

    /// Two tasks are done and undone again; with a name only one of them.
    fn compensation(&mut self, times: u64) -> Ends {
        let one = self.rng.one_in(3);
        let wait = self.rng.below(4) > 0;
        let inside = self.inside(|g| {
            let start = g.node("startEvent", "", "", times);
            let first = g.undoable(times, times, !wait);
            let second = g.undoable(times, if one { 0 } else { times }, !wait);
            let named = if one { format!("activityRef=\"{first}\"") } else { String::new() };
            let definition = format!("<compensateEventDefinition {named} waitForCompletion=\"{wait}\"/>");
            let throw = g.node("intermediateThrowEvent", "", &definition, times);
            let end = g.node("endEvent", "", "", times);
            g.chain(&[&start, &first, &second, &throw]);
            if wait {
                return g.chain(&[&throw, &end]);
            }
            // Meanwhile the handlers are done.
            let work = g.node("userTask", "", "", times);
            g.chain(&[&throw, &work, &end]);
        });
        let id = self.node("subProcess", "", &inside, times);
        (id.clone(), id)
    }

    /// A transaction that is cancelled, or not.
    fn transaction(&mut self, times: u64) -> Ends {
        self.kind("cancelEventDefinition");
        let cancelled = self.rng.one_in(2);
        let (yes, no) = if cancelled { (times, 0) } else { (0, times) };
        let inside = self.inside(|g| {
            let start = g.node("startEvent", "", "", times);
            let task = g.undoable(times, yes, false);
            let split = g.fresh();
            let cancel = g.node("endEvent", "", "<cancelEventDefinition/>", yes);
            let end = g.node("endEvent", "", "", no);
            let condition = if cancelled { "true" } else { "false" };
            g.node_as(&split, "exclusiveGateway", &format!("default=\"{split}-{end}\""), "", times);
            g.chain(&[&start, &task, &split]);
            g.flow(&split, &cancel, Some(condition));
            g.flow(&split, &end, None);
            g.model.laws.push(Law::OneOf(split, vec![cancel, end]));
        });
        let id = self.node("transaction", "", &inside, no);
        let attributes = format!("attachedToRef=\"{id}\"");
        let event = self.node("boundaryEvent", &attributes, "<cancelEventDefinition/>", yes);
        let merge = self.node("exclusiveGateway", "", "", times);
        self.flow(&id, &merge, None);
        self.flow(&event, &merge, None);
        self.model.laws.push(Law::Merge(vec![id.clone(), event], merge.clone()));
        (id, merge)
    }
}
