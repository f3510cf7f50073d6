// SPDX-License-Identifier: EUPL-1.2
//! The lock itself. Order: rlimits, `no_new_privs`, death signal, Landlock, seccomp.

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetStatus, Scope, path_beneath_rules,
};

use crate::{Access, Landlock, Limits, Report, SandboxError, seccomp, sys};

/// The newest Landlock version this crate asks for; older kernels give [`Landlock::Partial`].
const ABI_WANTED: ABI = ABI::V6;

/// Locks the calling process for the rest of its life.
///
/// * `access` - what stays reachable; nothing by default. Open what you write before, or name it here.
///
/// Call it before the process starts a second thread: Landlock binds the calling thread and its heirs.
///
/// # Errors
/// [`SandboxError::Lock`] if a limit or the filter cannot be set, if other threads already run, or,
/// with [`Limits::strict`], if the kernel does not enforce Landlock.
pub fn lock_down(limits: &Limits, access: &Access) -> Result<Report, SandboxError> {
    lock(limits, access, false)
}

/// As [`lock_down`]; a pooled child also dies with its parent.
pub(crate) fn lock(limits: &Limits, access: &Access, pooled: bool) -> Result<Report, SandboxError> {
    if std::fs::read_dir("/proc/self/task").is_ok_and(|tasks| tasks.count() > 1) {
        return Err(SandboxError::Lock("other threads are already running".into()));
    }
    rlimits(limits, pooled).map_err(|e| SandboxError::Lock(format!("rlimits: {e}")))?;
    sys::no_new_privileges(pooled).map_err(|e| SandboxError::Lock(format!("prctl: {e}")))?;
    let landlock = files(access).map_err(|e| SandboxError::Lock(format!("landlock: {e}")))?;
    if limits.strict && landlock == Landlock::None {
        return Err(SandboxError::Lock("strict: this kernel has no Landlock".into()));
    }
    seccomp::apply(access.exec).map_err(|e| SandboxError::Lock(format!("seccomp: {e}")))?;
    Ok(Report { landlock, seccomp: true })
}

fn rlimits(limits: &Limits, pooled: bool) -> std::io::Result<()> {
    let fixed = [
        (libc::RLIMIT_CORE, 0),
        (libc::RLIMIT_AS, limits.address_space),
        (libc::RLIMIT_DATA, limits.memory),
        (libc::RLIMIT_FSIZE, limits.file_size),
        (libc::RLIMIT_NOFILE, limits.open_files),
    ];
    for (resource, value) in fixed {
        let value = value.min(sys::hard_limit(resource)?);
        sys::set_limit(resource, value, value)?;
    }
    // The hard value leaves room for every job of this child; `next_job` moves the soft value.
    let jobs = if pooled { u64::from(limits.jobs) } else { 1 };
    let hard = (sys::usage().0 + limits.cpu_seconds.saturating_mul(jobs + 1)).min(sys::hard_limit(libc::RLIMIT_CPU)?);
    sys::set_limit(libc::RLIMIT_CPU, hard, hard)?;
    next_job(limits)
}

/// Gives the coming job its own processor time.
pub(crate) fn next_job(limits: &Limits) -> std::io::Result<()> {
    let hard = sys::hard_limit(libc::RLIMIT_CPU)?;
    sys::set_limit(libc::RLIMIT_CPU, (sys::usage().0 + limits.cpu_seconds).min(hard), hard)
}

fn files(access: &Access) -> Result<Landlock, landlock::RulesetError> {
    let mut read = AccessFs::from_read(ABI_WANTED);
    if !access.exec {
        read.remove(AccessFs::Execute);
    }
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI_WANTED))?
        .handle_access(AccessNet::from_all(ABI_WANTED))?
        .scope(Scope::from_all(ABI_WANTED))?
        .create()?
        .add_rules(path_beneath_rules(&access.read, read))?
        .add_rules(path_beneath_rules(&access.write, AccessFs::from_all(ABI_WANTED) & !AccessFs::Execute))?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Landlock::Full,
        RulesetStatus::PartiallyEnforced => Landlock::Partial,
        RulesetStatus::NotEnforced => Landlock::None,
    })
}
