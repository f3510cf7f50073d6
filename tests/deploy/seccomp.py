# SPDX-License-Identifier: EUPL-1.2
"""Runs a program under the system call filter that systemd would make of a unit; without systemd, through its library.

    python seccomp.py ALLOWED PROGRAM ARGUMENT…      ALLOWED: names of system calls, separated by commas

Everything else answers EPERM. Beside the names, what the other lines of haertung.conf do with system calls:
MemoryDenyWriteExecute= (nothing writable becomes executable) and RestrictNamespaces= (no new ones).
"""

import ctypes
import os
import sys

ALLOW, EPERM, ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026
EQUAL_MASKED = 7
WRITE, EXEC = 2, 4
# CLONE_NEWNS, -CGROUP, -UTS, -IPC, -USER, -PID, -NET, -TIME
NAMESPACES = 0x7E020080


class Compare(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("how", ctypes.c_int), ("mask", ctypes.c_uint64), ("value", ctypes.c_uint64)]


def without(argument, bits):
    """The argument has none of these bits."""
    return [Compare(argument, EQUAL_MASKED, bits, 0)]


def rules(names):
    for name in sorted(names):
        if name == "mmap":
            yield name, ALLOW, without(2, EXEC)
            yield name, ALLOW, without(2, WRITE)
        elif name in ("mprotect", "pkey_mprotect"):
            yield name, ALLOW, without(2, EXEC)
        elif name == "clone":
            yield name, ALLOW, without(0, NAMESPACES)
        elif name == "clone3":
            # Its flags lie in memory: the C library falls back to clone.
            yield name, ENOSYS, []
        elif name not in ("unshare", "setns"):
            yield name, ALLOW, []


def lock(names):
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_load.argtypes = [ctypes.c_void_p]
    library.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Compare)]
    context = library.seccomp_init(EPERM)
    for name, action, compares in rules(names):
        number = library.seccomp_syscall_resolve_name(name.encode())
        # A call that this architecture does not have.
        if number < 0:
            continue
        array = (Compare * max(1, len(compares)))(*compares)
        if library.seccomp_rule_add_array(context, action, number, len(compares), array):
            sys.exit(f"no rule for {name}")
    if library.seccomp_load(context):
        sys.exit("the filter cannot be loaded")


lock(sys.argv[1].split(","))
os.execv(sys.argv[2], sys.argv[2:])
