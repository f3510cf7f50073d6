// SPDX-License-Identifier: EUPL-1.2
//! `eakte run SERVICE…`: some services in this process, over the ports that the settings name. Workers run anywhere,
//! in any number; they need the bus and the blob store, and no database.

use std::{collections::BTreeSet, time::Duration};

use service_platform::{telemetry, trace};

use super::{Ende, runtime, serve};
use crate::{
    app::StartFehler,
    ausgabe,
    cli::{Ort, settings},
    dienste::{self, Dienst},
    exit,
    teil::Teil,
};

/// How long work in hand may take after a stop signal; then it comes again elsewhere.
const DRAIN: Duration = Duration::from_secs(25);

/// Core services.
const CORE: usize = 4;

/// The named services, if they can run together in one process.
fn chosen(names: &[String]) -> Result<BTreeSet<Dienst>, String> {
    let mut dienste = BTreeSet::new();
    for name in names {
        let known = Dienst::ALLE.map(Dienst::name).join(", ");
        let dienst = Dienst::of(name).ok_or_else(|| format!("Den Dienst „{name}“ gibt es nicht. Dienste: {known}."))?;
        dienste.insert(dienst);
    }
    Ok(dienste)
}

pub fn run(services: &[String], ort: &Ort) -> Ende {
    let dienste = chosen(services).map_err(|text| {
        ausgabe::say(&text);
        exit::USAGE
    })?;
    let core: Vec<Dienst> = dienste.iter().copied().filter(|d| d.is_core()).collect();
    let (config, data) = settings(ort)?;
    let settings = config.settings;
    let embedded = settings.bus.address().is_ok_and(|address| address.is_none());
    if let Some(missing) = Dienst::ALLE.iter().find(|d| embedded && !dienste.contains(d)) {
        ausgabe::say(&format!(
            "Der Port „Bus“ ist eingebettet und reicht nur in einen Prozess; es fehlt der Dienst „{missing}“. \
             Nennen Sie alle Dienste, verwenden Sie „eakte serve“ oder setzen Sie „bus.url_datei“."
        ));
        return Err(exit::USAGE);
    }
    if core.len() == CORE {
        return serve::run_with(ort, None, false, dienste.into_iter().collect());
    }
    telemetry::init(&settings.log.filter, settings.log.json);
    serve::follow(&settings, &dienste::names(&dienste))?;
    runtime()?.block_on(async {
        let failed = |error: StartFehler| {
            ausgabe::say(&format!("Die Dienste starten nicht: {error}"));
            exit::FAILED
        };
        let teil = Teil::new(dienste, data, settings).await.map_err(failed)?;
        let ran = teil.run(serve::stop_signal(DRAIN + Duration::from_secs(4)), DRAIN).await;
        trace::finish().await;
        ran.map_err(failed)?;
        Ok(exit::OK)
    })
}
