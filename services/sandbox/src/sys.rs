// SPDX-License-Identifier: EUPL-1.2
//! The few system calls without a safe wrapper in `std`.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::FromRawFd;

/// Sets soft and hard value of one resource limit.
pub fn set_limit(resource: libc::__rlimit_resource_t, soft: u64, hard: u64) -> io::Result<()> {
    let limit = libc::rlimit { rlim_cur: soft, rlim_max: hard };
    // SAFETY: the pointer is to a live, fully initialised `rlimit` that the call only reads.
    check(unsafe { libc::setrlimit(resource, &limit) })
}

/// The hard value of one resource limit.
pub fn hard_limit(resource: libc::__rlimit_resource_t) -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a live `rlimit` that the call fills in.
    check(unsafe { libc::getrlimit(resource, &mut limit) })?;
    Ok(limit.rlim_max)
}

/// Processor seconds used by this process so far (rounded up) and its largest resident set in KiB.
pub fn usage() -> (u64, u64) {
    // SAFETY: `rusage` is plain data for which all zeroes is a valid value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live `rusage` that the call fills in.
    if unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) } != 0 {
        return (0, 0);
    }
    let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + 1;
    (u64::try_from(seconds).unwrap_or(0), u64::try_from(usage.ru_maxrss).unwrap_or(0))
}

/// No new privileges by set-uid programs, and death together with the parent.
pub fn no_new_privileges(die_with_parent: bool) -> io::Result<()> {
    // SAFETY: this prctl takes plain integers and touches no memory of ours.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    if die_with_parent {
        // SAFETY: this prctl takes plain integers and touches no memory of ours.
        check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) })?;
    }
    Ok(())
}

/// Kills every process of a group with SIGKILL; a group that is gone already is fine.
pub fn kill_group(leader: u32) {
    if let Ok(pid) = libc::pid_t::try_from(leader)
        && pid > 1
    {
        // SAFETY: sends a signal, touches no memory. The caller has not reaped the leader yet, so the
        // number cannot belong to a stranger.
        unsafe { libc::kill(-pid, libc::SIGKILL) };
    }
}

/// Moves standard output to a private descriptor and lets descriptor 1 point to standard error, so
/// that a chatty C library cannot write into the frames.
pub fn take_stdout() -> io::Result<File> {
    // SAFETY: duplicates a descriptor number; no memory is involved.
    let own = unsafe { libc::fcntl(1, libc::F_DUPFD_CLOEXEC, 3) };
    check(own)?;
    // SAFETY: redirects descriptor 1; `std`'s handle keeps working on the new target.
    check(unsafe { libc::dup2(2, 1) })?;
    // SAFETY: `own` was just created here and is owned by nobody else.
    Ok(unsafe { File::from_raw_fd(own) })
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
