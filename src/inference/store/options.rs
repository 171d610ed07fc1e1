//! The options `model` and `sha256` of every node that runs a model.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error as _};

use super::manifest::Task;
use crate::pipeline::contract::error::Misuse;

/// A node that runs a model.
pub trait Runs: 'static {
    /// What the model is for.
    const TASK: Task;
    /// The model where the file names none; without one it must.
    const USUAL: Option<&'static str> = None;
    /// What kind of file it takes.
    const FILE: &'static str = "an ONNX file";
}

/// Which model a node runs: options of `N`, beside its own by `#[serde(flatten)]`.
pub struct ModelOptions<N> {
    /// Name of a model of the manifest, or path of a file.
    pub name: String,
    /// Sum of the file in hex; there is one if it is a path.
    pub sha256: Option<String>,
    node: PhantomData<fn() -> N>,
}

impl<N: Runs> ModelOptions<N> {
    /// What is wrong with them, without touching the world.
    pub fn check(&self) -> Vec<Misuse> {
        super::check(&self.name, self.sha256(), N::TASK)
    }

    /// The sum, if one is given.
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }
}

/// As they stand in the file.
#[derive(serde::Deserialize)]
struct Written {
    model: Option<String>,
    sha256: Option<String>,
}

impl<'de, N: Runs> Deserialize<'de> for ModelOptions<N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Written { model, sha256 } = Written::deserialize(from)?;
        let model = model.or_else(|| N::USUAL.map(str::to_owned));
        Ok(ModelOptions {
            name: model.ok_or_else(|| D::Error::missing_field("model"))?,
            sha256,
            node: PhantomData,
        })
    }
}

impl<N: Runs> JsonSchema for ModelOptions<N> {
    fn schema_name() -> Cow<'static, str> {
        "ModelOptions".into()
    }

    fn schema_id() -> Cow<'static, str> {
        format!("ModelOptions<{}>", std::any::type_name::<N>()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let file = N::FILE;
        let about =
            format!("Name of a model (`otus models list`), or path of {file} with `sha256`.");
        let mut schema = json_schema!({
            "type": "object",
            "properties": {
                "model": { "type": "string", "description": about },
                "sha256": {
                    "type": ["string", "null"],
                    "description": "Sum of the model file, if `model` is a path.",
                },
            },
        });
        match N::USUAL {
            Some(usual) => {
                schema
                    .pointer_mut("/properties/model")
                    .expect("it was just put there")["default"] = usual.into()
            }
            None => drop(schema.insert("required".into(), ["model"].as_slice().into())),
        }
        schema
    }
}

// By hand, because derived ones would ask the same of `N`, of which there is none inside.
impl<N> Clone for ModelOptions<N> {
    fn clone(&self) -> Self {
        ModelOptions {
            name: self.name.clone(),
            sha256: self.sha256.clone(),
            node: PhantomData,
        }
    }
}

impl<N> fmt::Debug for ModelOptions<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
