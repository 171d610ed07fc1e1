//! What is heard that is no word.

pub mod classes;
pub mod course;
pub mod yamnet;
