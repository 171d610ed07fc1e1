//! What a node is and is given: its traits, the catalogue of types, its errors, stop and secrets.

pub mod around;
pub mod blocking;
pub mod catalogue;
pub mod child;
pub mod claim;
pub mod context;
pub mod emit;
pub mod error;
pub mod local_time;
pub mod memory;
pub mod node;
pub mod pressure;
pub mod priority;
pub mod role;
pub mod runtime_options;
pub mod secret;
pub mod small_file;
pub mod stdout;
pub mod stop;
pub mod testing;
pub mod uri;
