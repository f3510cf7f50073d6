// SPDX-License-Identifier: EUPL-1.2
//! The parent's side: long-lived children, a wall clock, and death as a result.

use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tracing::warn;

use crate::child::{ORDERS, Orders, SELF_TEST};
use crate::frame::{self, Frame, FrameError};
use crate::{Access, Limits, Reply, SandboxError, SelfTest, sys};

/// A fixed number of locked children of one program. Cheap to clone; the last clone ends the children.
#[derive(Clone)]
pub struct Pool {
    inner: Arc<Inner>,
}

struct Inner {
    limits: Limits,
    state: Mutex<State>,
    freed: Condvar,
    spawner: mpsc::Sender<mpsc::Sender<io::Result<Child>>>,
}

struct State {
    idle: Vec<Running>,
    /// Children that may still be taken or started.
    free: usize,
}

/// A child together with the number of jobs it has done.
struct Running {
    child: Child,
    jobs: u32,
}

impl Drop for Running {
    fn drop(&mut self) {
        sys::kill_group(self.child.id());
        let _ = self.child.wait();
    }
}

impl Pool {
    /// A pool of up to `size` children of `program args…`, started when they are first needed, with no
    /// access to files.
    pub fn new(program: PathBuf, args: Vec<String>, limits: Limits, size: usize) -> Self {
        Self::with_access(program, args, limits, size, Access::default(), &[])
    }

    /// As [`Pool::new`], with files the children may reach and environment variables they get
    /// (they inherit none).
    pub fn with_access(
        program: PathBuf,
        args: Vec<String>,
        limits: Limits,
        size: usize,
        access: Access,
        env: &[(&str, &str)],
    ) -> Self {
        let orders = Orders { limits: limits.clone(), access };
        let orders = serde_json::to_string(&orders).unwrap_or_default();
        let env: Vec<(String, String)> =
            env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).chain([(ORDERS.to_owned(), orders)]).collect();
        let start = move || {
            Command::new(&program)
                .args(&args)
                .env_clear()
                .envs(env.iter().cloned())
                .current_dir("/")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .process_group(0)
                .spawn()
        };
        let state = State { idle: Vec::new(), free: size.max(1) };
        Self {
            inner: Arc::new(Inner { limits, state: Mutex::new(state), freed: Condvar::new(), spawner: spawner(start) }),
        }
    }

    /// Sends one job to a free child and waits for its answer. Blocks: call it where blocking is allowed.
    ///
    /// * `blobs` - at most [`Limits::frame`] bytes together.
    ///
    /// # Errors
    /// [`SandboxError::Refused`] is the child's own answer. After every other error the child is gone
    /// and the next call gets a new one.
    pub fn call(&self, kind: &str, header: &Value, blobs: &[&[u8]]) -> Result<Reply, SandboxError> {
        let slot = Slot::take(&self.inner);
        let mut running = match slot.idle() {
            Some(running) => running,
            None => self.inner.start()?,
        };
        let message = json!({ "kind": kind, "header": header });
        let result = self.exchange(&mut running, &message, blobs);
        running.jobs += 1;
        let healthy = matches!(result, Ok(_) | Err(SandboxError::Refused { .. }));
        if healthy && running.jobs < self.inner.limits.jobs {
            slot.give_back(running);
        }
        result
    }

    /// Lets a child try what it must not be able to do.
    ///
    /// # Errors
    /// As [`Pool::call`]; [`SandboxError::Garbage`] if the program is no sandbox child.
    pub fn self_test(&self) -> Result<SelfTest, SandboxError> {
        let reply = self.call(SELF_TEST, &Value::Null, &[])?;
        serde_json::from_value(reply.header).map_err(|_| SandboxError::Garbage)
    }

    fn exchange(&self, running: &mut Running, message: &Value, blobs: &[&[u8]]) -> Result<Reply, SandboxError> {
        let cap = self.inner.limits.frame;
        let pid = running.child.id();
        let (Some(mut stdin), Some(mut stdout)) = (running.child.stdin.take(), running.child.stdout.take()) else {
            return Err(SandboxError::Garbage);
        };
        let (done, timer) = mpsc::channel::<()>();
        let (written, read, late) = std::thread::scope(|scope| {
            let watch = scope.spawn(move || {
                let late = timer.recv_timeout(self.inner.limits.wall) == Err(RecvTimeoutError::Timeout);
                if late {
                    sys::kill_group(pid);
                }
                late
            });
            let writer = scope.spawn(|| frame::write(&mut stdin, message, blobs, cap));
            let read = frame::read(&mut stdout, cap);
            if read.is_err() {
                sys::kill_group(pid); // also frees a writer that waits for a full pipe
            }
            let written = writer.join();
            drop(done);
            (written, read, watch.join().unwrap_or(false))
        });
        running.child.stdin = Some(stdin);
        running.child.stdout = Some(stdout);
        if matches!(written, Ok(Err(FrameError::TooBig))) {
            return Err(SandboxError::TooBig);
        }
        match read {
            Ok(frame) => reply(frame),
            Err(_) if late => Err(SandboxError::TimedOut),
            Err(FrameError::TooBig) => Err(SandboxError::TooBig),
            Err(FrameError::Garbage) => Err(SandboxError::Garbage),
            Err(FrameError::Io(e)) => Err(SandboxError::Io(e)),
            Err(FrameError::End) => Err(death(&mut running.child)),
        }
    }
}

fn reply(frame: Frame) -> Result<Reply, SandboxError> {
    let Frame { mut header, blobs } = frame;
    if let Some(refused) = header.get_mut("refused") {
        let refusal: crate::Refusal = serde_json::from_value(refused.take()).map_err(|_| SandboxError::Garbage)?;
        return Err(SandboxError::Refused { code: refusal.code, detail: refusal.detail });
    }
    if header.get("too_big").is_some() {
        return Err(SandboxError::TooBig);
    }
    let peak_kib = header["peak_kib"].as_u64().unwrap_or(0);
    match header.get_mut("ok") {
        Some(ok) => Ok(Reply { header: ok.take(), blobs, peak_kib }),
        None => Err(SandboxError::Garbage),
    }
}

/// How a child ended whose pipe is closed.
fn death(child: &mut Child) -> SandboxError {
    match child.wait() {
        Ok(status) if status.signal() == Some(libc::SIGXCPU) => SandboxError::TimedOut,
        Ok(status) => {
            let how = match (status.signal(), status.code()) {
                (Some(signal), _) => format!("signal {signal}"),
                (None, Some(code)) => format!("exit code {code}"),
                (None, None) => "unknown".to_owned(),
            };
            warn!(how, "sandbox child died");
            SandboxError::Died { how }
        }
        Err(e) => SandboxError::Io(e),
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self) -> Result<Running, SandboxError> {
        let (answer, started) = mpsc::channel();
        let gone = || io::Error::other("the spawner thread is gone");
        self.spawner.send(answer).map_err(|_| gone())?;
        let child = started.recv().map_err(|_| gone())??;
        Ok(Running { child, jobs: 0 })
    }
}

/// A thread of its own starts all children: the death signal of a child fires when the *thread* that
/// started it ends, and threads of a blocking pool come and go.
fn spawner(start: impl Fn() -> io::Result<Child> + Send + 'static) -> mpsc::Sender<mpsc::Sender<io::Result<Child>>> {
    let (sender, orders) = mpsc::channel::<mpsc::Sender<io::Result<Child>>>();
    std::thread::spawn(move || {
        for answer in orders {
            let _ = answer.send(start());
        }
    });
    sender
}

/// The right to use one child; given back on drop.
struct Slot<'a> {
    inner: &'a Inner,
}

impl<'a> Slot<'a> {
    fn take(inner: &'a Inner) -> Self {
        let mut state = inner.state();
        while state.free == 0 {
            state = inner.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.free -= 1;
        Self { inner }
    }

    /// An idle child that is still alive.
    fn idle(&self) -> Option<Running> {
        loop {
            let mut running = self.inner.state().idle.pop()?;
            if matches!(running.child.try_wait(), Ok(None)) {
                return Some(running);
            }
        }
    }

    fn give_back(&self, running: Running) {
        self.inner.state().idle.push(running);
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.inner.state().free += 1;
        self.inner.freed.notify_one();
    }
}
