// SPDX-License-Identifier: EUPL-1.2
//! `eakte`, see `eakte --help`.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A sandboxed child never gets as far as the command line parser.
    if std::env::args_os().nth(1).is_some_and(|a| a == "child") {
        service_eakte::kind::serve();
    }
    ExitCode::from(service_eakte::cli::run())
}
