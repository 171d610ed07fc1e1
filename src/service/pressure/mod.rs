//! Watches whether the machine is short of processor time or memory, or too hot, and has the pipeline give way.

mod judge;
mod strain;

use std::path::Path;
use std::time::Duration;

use self::judge::Judge;
use self::strain::Strain;
use crate::pipeline::contract::pressure::Pressure;
use crate::pipeline::contract::stop::Stop;

/// How often the machine is looked at.
const TICK: Duration = Duration::from_secs(1);
/// While models are opened, every machine is short.
const START: Duration = Duration::from_secs(30);

/// Watches until the stop. Where Linux does not tell how short it is (`/proc/pressure` is switched off on some
/// boards: `psi=1` on the kernel's command line), only memory and heat are judged.
pub fn watch(pressure: &Pressure, stop: &Stop) {
    if stop.wait(START) {
        return;
    }
    let (root, mut judge) = (Path::new("/"), Judge::default());
    let own = strain::group(root);
    let mut reason = String::new();
    while !stop.wait(TICK) {
        let strain = Strain::read(root, own.as_deref());
        let Some(level) = judge.look(&strain) else {
            continue;
        };
        // On the way back nothing is short; what gives way still does so for the last reason.
        reason = strain.reason().unwrap_or(reason);
        pressure.set(level, &reason);
        match pressure.now() {
            Some(it) => tracing::warn!("{}; giving way: {}", it.reason, it.gives_way.join(", ")),
            None => tracing::info!("the machine has enough again; nothing gives way any more"),
        }
    }
}
