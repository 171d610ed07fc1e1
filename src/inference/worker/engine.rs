//! What a kind of model must have to run in a process of its own.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::wire::Shared;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;

/// A kind of model. What parent and child say to each other goes through JSON; long runs of numbers
/// go through the memory that they share.
pub trait Engine: Sized {
    /// Tells it from other kinds.
    const NAME: &'static str;
    /// Which model it is to load, and how.
    type Job: Serialize + DeserializeOwned;
    /// What the parent learns of the loaded model.
    type About: Serialize + DeserializeOwned;
    /// What it is asked.
    type Request: Serialize + DeserializeOwned;
    /// What it answers.
    type Answer: Serialize + DeserializeOwned;

    /// Loads the model, in the child.
    ///
    /// # Errors
    /// What loading it in the parent would give.
    fn load(job: &Self::Job, context: &Context) -> Result<(Self, Self::About)>;

    /// Answers one request, in the child.
    ///
    /// # Errors
    /// What the same would give in the parent.
    fn answer(&mut self, request: &Self::Request, memory: &Shared) -> Result<Self::Answer>;
}
