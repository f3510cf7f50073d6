// SPDX-License-Identifier: EUPL-1.2
//! Messages and signals between instances and from outside.

use nachrichten::Werte;

use super::{Runner, Thrown};
use crate::api::{Command, StartKind, SubscriptionKind};
use crate::state::State;

impl Runner {
    pub(super) fn take_buffered(&mut self, number: usize, subscription: u64, name: &str, key: Option<&str>) {
        let now = self.now;
        self.buffer.retain(|(_, until)| *until > now);
        let found = self.buffer.iter().position(|(m, _)| m.name == name && fits(key, m.key.as_deref()));
        if let Some(at) = found {
            let (message, _) = self.buffer.remove(at);
            self.inbox.push_back((number, Command::Message { subscription, variables: message.variables }));
        }
    }

    /// Delivers to the first that waits, else starts a process, else keeps it for its lifetime.
    pub(super) fn publish(&mut self, message: Thrown, ttl: Option<u64>) -> Result<(), String> {
        let waiting = self.instances.iter().enumerate().find_map(|(number, running)| {
            let mut subscriptions = running.subscriptions.iter();
            let hit = subscriptions.find(|(_, (name, key, kind))| {
                *kind == SubscriptionKind::Message
                    && *name == message.name
                    && fits(key.as_deref(), message.key.as_deref())
            });
            hit.map(|(subscription, _)| (number, *subscription))
        });
        if let Some((number, subscription)) = waiting {
            self.inbox.push_back((number, Command::Message { subscription, variables: message.variables }));
            return Ok(());
        }
        let starts = self.starts(|kind| matches!(kind, StartKind::Message { name } if *name == message.name));
        if let Some((process, element)) = starts.into_iter().next() {
            let number = self.create(&process, State::new(), None)?;
            self.inbox.push_back((number, Command::Start { element: Some(element), variables: message.variables }));
        } else if let Some(ttl) = ttl {
            let until = self.now.plus_seconds(i64::try_from(ttl).unwrap_or(i64::MAX));
            self.buffer.push((message, until));
        }
        Ok(())
    }

    fn starts(&self, hit: impl Fn(&StartKind) -> bool) -> Vec<(String, String)> {
        let all = self.definitions.values().flat_map(|d| d.start_events().into_iter().map(move |s| (d, s)));
        all.filter(|(_, s)| hit(&s.kind)).map(|(d, s)| (d.id().to_owned(), s.element.to_string())).collect()
    }

    pub(super) fn broadcast(&mut self, name: &str, variables: &Werte) -> Result<(), String> {
        for number in 0..self.instances.len() {
            let mut subscriptions = self.instances[number].subscriptions.values();
            if subscriptions.any(|(n, _, kind)| n == name && *kind == SubscriptionKind::Signal) {
                self.inbox.push_back((number, Command::Signal { name: name.to_owned(), variables: variables.clone() }));
            }
        }
        for (process, element) in self.starts(|kind| matches!(kind, StartKind::Signal { name: n } if n == name)) {
            let number = self.create(&process, State::new(), None)?;
            self.inbox.push_back((number, Command::Start { element: Some(element), variables: variables.clone() }));
        }
        Ok(())
    }

    /// A message from outside; without key it goes to the first that waits for the name.
    ///
    /// # Errors
    /// When a command is rejected.
    pub fn message(&mut self, name: &str, key: Option<&str>, variables: Werte, ttl: Option<u64>) -> Result<(), String> {
        self.publish(Thrown { name: name.to_owned(), key: key.map(str::to_owned), variables }, ttl)?;
        self.settle()
    }

    /// A signal from outside.
    ///
    /// # Errors
    /// When a command is rejected.
    pub fn signal(&mut self, name: &str, variables: Werte) -> Result<(), String> {
        self.broadcast(name, &variables)?;
        self.settle()
    }
}

fn fits(wanted: Option<&str>, given: Option<&str>) -> bool {
    match (wanted, given) {
        (Some(wanted), Some(given)) => wanted == given,
        _ => true,
    }
}
