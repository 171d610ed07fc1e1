//! What a node may know of the pipeline around it: the file that it was made of, and what `/status` tells of others.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// What is between two nodes, in one lane.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Producer.
    pub from: Arc<str>,
    /// Consumer.
    pub to: Arc<str>,
    /// Kind of packet it carries.
    pub kind: &'static str,
}

/// What is known of the file of a pipeline.
#[derive(Debug, Default)]
pub struct File {
    /// SHA-256 of it, in hexadecimal digits; empty as long as no pipeline runs.
    pub sha256: Arc<str>,
    /// Names of its sources.
    pub sources: Vec<Arc<str>>,
    /// Parts of pictures that it names.
    pub areas: Vec<Arc<str>>,
}

/// What is known of a pipeline at one moment.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Facts of the nodes that run models, by node.
    pub models: BTreeMap<Arc<str>, BTreeMap<&'static str, String>>,
    /// Packets that were dropped on each edge, by reason; edges without are not told.
    pub dropped: BTreeMap<Edge, BTreeMap<&'static str, u64>>,
}

type Ask = Box<dyn Fn() -> Report + Send + Sync>;

/// The pipeline around a node. All clones are about the same.
#[derive(Clone, Default)]
pub struct Around {
    file: Arc<RwLock<Arc<File>>>,
    ask: Arc<OnceLock<Ask>>,
}

impl Around {
    /// The file by which it runs now.
    pub fn file(&self) -> Arc<File> {
        let file = self.file.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&file)
    }

    /// What is known of it now.
    pub fn report(&self) -> Report {
        self.ask.get().map_or_else(Report::default, |ask| ask())
    }

    /// It runs by this file from now on.
    pub fn runs_by(&self, file: File) {
        let mut before = self.file.write().unwrap_or_else(PoisonError::into_inner);
        *before = Arc::new(file);
    }

    /// Has this asked for reports.
    pub fn reports_by(&self, ask: impl Fn() -> Report + Send + Sync + 'static) {
        let _ = self.ask.set(Box::new(ask));
    }
}

impl fmt::Debug for Around {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Around").finish_non_exhaustive()
    }
}
