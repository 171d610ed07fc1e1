//! `otus run`: a pipeline from start to end.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cli::limits;
use crate::cli::output::{failed, load, print_json};
use crate::pipeline::contract::error::{Error, no_thread};
use crate::pipeline::contract::stdout;
use crate::pipeline::contract::stop::Stop;
use crate::pipeline::count::metrics::State;
use crate::pipeline::file::Plan;
use crate::pipeline::file::status::Listen;
use crate::pipeline::run::snapshot::{NodeReport, Snapshot};
use crate::pipeline::run::{self, Outcome, Reloader};
use crate::service::http::{self, Access, Bound};
use crate::service::summary::Summary;
use crate::service::systemd;
use crate::service::{pressure, reload};

/// Where the endpoint listens unless the pipeline file says otherwise.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9860);

pub fn run(file: &Path, duration: Option<Duration>) -> ExitCode {
    let plan = match load(file) {
        Ok(plan) => plan,
        Err(code) => return code,
    };
    if let Err(message) = limits::of_a_pipeline(plan.nodes.len()) {
        return failed(message);
    }
    // What can be refused is, before the first device is opened.
    let endpoint = Access::read(&plan.status, &plan.base);
    let endpoint = endpoint.and_then(|access| Ok((listen(&plan)?, access)));
    let (bound, access) = match endpoint {
        Ok(endpoint) => endpoint,
        Err(message) => return failed(message),
    };
    let mut signals = match Signals::new([SIGHUP, SIGINT, SIGTERM]) {
        Ok(signals) => signals,
        Err(error) => return failed(format!("cannot handle signals: {error}")),
    };
    let watched = plan.runtime.reload_on_change;
    let pipeline = run::start(plan);
    let (stop, reloader) = (pipeline.stop(), pipeline.reloader());
    let informer = systemd::inform(pipeline.view(), pipeline.stop());
    let served = bound
        .map(|it| it.serve(pipeline.view(), access))
        .transpose();
    let untold = |error| tracing::error!("no status endpoint: {error}");
    let server = served.map_err(untold).ok().flatten();
    if let Some(server) = &server {
        tracing::info!("status at {}", server.address);
    }
    let handle = signals.handle();
    let on_signal = {
        let (stop, reloader, file) = (stop.clone(), reloader.clone(), file.to_owned());
        helper(&stop.clone(), move || {
            wait_for_signals(&mut signals, &stop, &file, &reloader)
        })
    };
    let on_change = watched.then(|| {
        let (stop, file) = (stop.clone(), file.to_owned());
        helper(&stop.clone(), move || reload::watch(file, &reloader, &stop))
    });
    let timer = duration.map(|duration| {
        let stop = stop.clone();
        helper(&stop.clone(), move || {
            stop.wait(duration);
            stop.set();
        })
    });
    let watcher = {
        let (pressure, stop) = (pipeline.view().pressure().clone(), stop.clone());
        helper(&stop.clone(), move || pressure::watch(&pressure, &stop))
    };
    let outcome = pipeline.wait();
    stop.set();
    handle.close();
    let was_helped =
        on_signal.is_some() && !matches!(timer, Some(None)) && !matches!(on_change, Some(None));
    let signalled = on_signal.and_then(|it| it.join().ok()).unwrap_or(false);
    let helpers = timer.into_iter().chain(on_change).flatten().chain(watcher);
    helpers.chain(informer).for_each(|it| drop(it.join()));
    drop(server);
    let went_well = report(&outcome, signalled);
    leave(i32::from(!(went_well && was_helped)))
}

/// Ends the process without what native libraries do at its end: a thread that was left behind may still be in them, loading
/// a model that nobody waits for any more.
fn leave(code: i32) -> ! {
    let _ = std::io::stdout().flush();
    // SAFETY: it returns to nobody, and all that is ours has been dropped.
    unsafe { libc::_exit(code) }
}

/// A thread beside the pipeline. Without it the run would not end as it should, so it ends.
fn helper<T: Send + 'static>(
    stop: &Stop,
    body: impl FnOnce() -> T + Send + 'static,
) -> Option<JoinHandle<T>> {
    let thread = Builder::new().spawn(body);
    let give_up = |error| {
        tracing::error!("{}", no_thread(&error));
        stop.set();
    };
    thread.map_err(give_up).ok()
}

/// SIGHUP reads the file again. The first other signal drains; a second one ends the process at
/// once. Says whether there was one of these.
fn wait_for_signals(signals: &mut Signals, stop: &Stop, file: &Path, reloader: &Reloader) -> bool {
    let reload = |signal: &i32| {
        let again = *signal == SIGHUP;
        if again {
            reload::reload(file, reloader);
        }
        again
    };
    let Some(signal) = signals.forever().find(|signal| !reload(signal)) else {
        return false;
    };
    let armed = Arc::new(AtomicBool::new(true));
    for signal in [SIGINT, SIGTERM] {
        let _ = signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(&armed));
    }
    stop.set();
    tracing::info!(signal, "stopping");
    true
}

/// A busy default port is a warning: two pipelines on one machine are fine. A busy port that
/// somebody chose is an error.
fn listen(plan: &Plan) -> Result<Option<Bound>, String> {
    let default = Listen::Tcp(DEFAULT_LISTEN);
    let chosen = plan.status.listen.as_ref();
    let address = chosen.unwrap_or(&default);
    match (http::bind(address, &plan.base), chosen) {
        (Ok(bound), _) => Ok(bound),
        (Err(error), None) => {
            tracing::warn!("no status endpoint: {address}: {error}");
            Ok(None)
        }
        (Err(error), Some(_)) => Err(format!(
            "the status endpoint cannot listen on {address}: {error}"
        )),
    }
}

/// Nodes that files went into and that handled nothing of them.
fn idle(snapshot: &Snapshot) -> Vec<&NodeReport> {
    let handled = |node: &NodeReport| {
        let edges = snapshot.edges.iter().filter(|it| *it.to == *node.id);
        edges.fold((0, 0), |(received, handled), edge| {
            let counts = &edge.counts;
            (received + counts.received, handled + counts.forwarded)
        })
    };
    let is_idle = |node: &&NodeReport| {
        let (received, handled) = handled(node);
        !node.live && received > 0 && handled == 0 && node.counts.last_error.is_some()
    };
    snapshot.nodes.iter().filter(is_idle).collect()
}

/// Prints what came of it; says whether that is what was wanted.
fn report(outcome: &Outcome, signalled: bool) -> bool {
    let summary = Summary::of(&outcome.snapshot);
    if stdout::is_for_programs() {
        print_json(&serde_json::json!({
            "summary": summary,
            "pipeline": outcome.snapshot,
        }));
    } else {
        let _ = writeln!(std::io::stdout(), "{summary}");
    }
    // A device that never came back is a failure too, even if the time limit ended the wait. Whoever
    // stops a service gets what was asked for, whatever is unplugged at that moment.
    let lost =
        |state| !signalled && matches!(state, State::Retrying | State::Degraded | State::Failed);
    let waited = |error: &Error| signalled && error.may_pass();
    let failures = outcome.failures.iter();
    let failed = failures.filter_map(|(id, error)| (!waited(error)).then_some(id));
    let waiting = outcome
        .snapshot
        .nodes
        .iter()
        .filter(|node| lost(node.counts.state));
    let idle = idle(&outcome.snapshot);
    let optional = |id: &Arc<str>| outcome.optional.contains(id);
    let required = |id: &&Arc<str>| !optional(id);
    for node in idle.iter().filter(|it| required(&&it.id)) {
        let why = node
            .counts
            .last_error
            .as_deref()
            .unwrap_or("no reason given");
        tracing::error!(node = %node.id, "none of what came in could be handled: {why}");
    }
    let idle = idle.iter().map(|node| &node.id);
    let waiting = waiting.map(|node| &node.id);
    !failed.chain(waiting).chain(idle).any(|id| required(&id))
}
