// SPDX-License-Identifier: EUPL-1.2
//! The sandboxed child (`eakte child`): locks itself down, then answers jobs of every parser of this project.

use std::{path::PathBuf, sync::Arc};

use service_sandbox::{Limits, Pool, Refusal, Reply};

/// Never returns.
pub fn serve() -> ! {
    service_sandbox::serve(&|kind, header, blobs| answer(kind, header, blobs))
}

fn answer(kind: &str, header: serde_json::Value, blobs: Vec<Vec<u8>>) -> Result<Reply, Refusal> {
    if kind.starts_with("rechnung.") {
        return service_rechnung::child(kind, header, blobs)
            .unwrap_or_else(|| Err(Refusal::new("unknown-kind", "Dieser Auftrag ist nicht bekannt.")));
    }
    service_erkennung::child(kind, header, blobs)
        .unwrap_or_else(|| Err(Refusal::new("unknown-kind", "Dieser Auftrag ist nicht bekannt.")))
}

/// A pool of children of this program.
pub fn pool(program: PathBuf, size: usize) -> Arc<Pool> {
    Arc::new(Pool::new(program, vec!["child".to_owned()], Limits::default(), size))
}
