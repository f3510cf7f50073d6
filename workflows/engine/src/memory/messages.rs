// SPDX-License-Identifier: EUPL-1.2
//! Messages and signals between instances and from outside.

use nachrichten::{Timestamp, Werte};

use super::{Runner, Thrown};
use crate::api::{Command, StartKind, SubscriptionKind};
use crate::state::State;

/// Seconds that a message from inside a process is kept when the process names no time, as in the service.
const KEPT: u64 = 24 * 3600;

impl Runner {
    pub(super) fn take_buffered(&mut self, number: usize, subscription: u64, name: &str, key: Option<&str>) {
        let now = self.now;
        self.buffer.retain(|(_, until)| *until > now);
        let fits = |m: &Thrown| m.name == name && (key.is_none() || key == m.key.as_deref());
        if let Some(at) = self.buffer.iter().position(|(m, _)| fits(m)) {
            let (message, until) = self.buffer.remove(at);
            self.deliver(number, subscription, message, until);
        }
    }

    /// Hands a message over; it comes back when the receiver is gone before its turn ([`Runner::given_back`]).
    fn deliver(&mut self, number: usize, subscription: u64, message: Thrown, until: Timestamp) {
        self.instances[number].subscriptions.remove(&subscription);
        let command = Command::Message { subscription, variables: message.variables.clone() };
        self.carried.insert((number, subscription), (message, until));
        self.inbox.push_back((number, command));
    }

    /// A message nobody could take any more: it looks for another receiver.
    pub(super) fn given_back(&mut self, number: usize, command: &Command) -> Result<(), String> {
        let Command::Message { subscription, .. } = command else { return Ok(()) };
        match self.carried.remove(&(number, *subscription)) {
            Some((message, until)) => self.publish_until(message, until),
            None => Ok(()),
        }
    }

    /// A message thrown by a process.
    pub(super) fn publish(&mut self, message: Thrown, ttl: Option<u64>) -> Result<(), String> {
        let until = self.now.plus_seconds(i64::try_from(ttl.unwrap_or(KEPT)).unwrap_or(i64::MAX / 2_000_000));
        self.publish_until(message, until)
    }

    /// Delivers to the one that waits, else starts a process, else keeps it for its lifetime.
    fn publish_until(&mut self, message: Thrown, until: Timestamp) -> Result<(), String> {
        if let Some((number, subscription)) = self.receiver(&message) {
            self.deliver(number, subscription, message, until);
            return Ok(());
        }
        let starts = self.starts(|kind| matches!(kind, StartKind::Message { name } if *name == message.name));
        if let Some((process, element)) = starts.into_iter().next() {
            let number = self.create(&process, State::new(), None)?;
            self.inbox.push_back((number, Command::Start { element: Some(element), variables: message.variables }));
        } else if until > self.now {
            self.buffer.push((message, until));
        }
        Ok(())
    }

    /// Whoever waits with the same key; else, by name alone, if exactly one instance waits without a key.
    fn receiver(&self, message: &Thrown) -> Option<(usize, u64)> {
        let all = self.instances.iter().enumerate().flat_map(|(number, r)| {
            let mine = r
                .subscriptions
                .iter()
                .filter(|(_, (name, _, kind))| *kind == SubscriptionKind::Message && *name == message.name);
            mine.map(move |(subscription, (_, key, _))| (number, *subscription, key.as_deref()))
        });
        let waiting: Vec<_> = all.filter(|(_, _, key)| key.is_none() || *key == message.key.as_deref()).collect();
        let keyed = waiting.iter().find(|(_, _, key)| key.is_some());
        let only = waiting.first().filter(|(first, ..)| waiting.iter().all(|(number, ..)| number == first));
        keyed.or(only).map(|(number, subscription, _)| (*number, *subscription))
    }

    fn starts(&self, hit: impl Fn(&StartKind) -> bool) -> Vec<(String, String)> {
        let all = self.definitions.values().flat_map(|d| d.start_events().into_iter().map(move |s| (d, s)));
        all.filter(|(_, s)| hit(&s.kind)).map(|(d, s)| (d.id().to_owned(), s.element.to_string())).collect()
    }

    /// To everybody who waits; the sender has heard it already.
    pub(super) fn broadcast(&mut self, from: Option<usize>, name: &str, variables: &Werte) -> Result<(), String> {
        for number in (0..self.instances.len()).filter(|n| Some(*n) != from) {
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

    /// A message from outside; kept for `ttl` seconds if nobody waits, not at all without.
    ///
    /// # Errors
    /// When a command is rejected.
    pub fn message(&mut self, name: &str, key: Option<&str>, variables: Werte, ttl: Option<u64>) -> Result<(), String> {
        self.publish(Thrown { name: name.to_owned(), key: key.map(str::to_owned), variables }, Some(ttl.unwrap_or(0)))?;
        self.settle()
    }

    /// A signal from outside.
    ///
    /// # Errors
    /// When a command is rejected.
    pub fn signal(&mut self, name: &str, variables: Werte) -> Result<(), String> {
        self.broadcast(None, name, &variables)?;
        self.settle()
    }
}
