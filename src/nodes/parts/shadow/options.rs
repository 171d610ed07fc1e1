//! Options of nodes whose model may have a shadow.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::inference::store::options::{ModelOptions, Runs};
use crate::pipeline::contract::error::Misuse;

/// Which model stands in the shadow of a node's own.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Options {
    /// Another model (a name, or a path with `shadow_sha256`) that works on some of what the model works on, with the same options. Nothing of what it finds goes on:
    /// how often it finds something else is counted, and of pictures a `disagreement` tells an example, once a minute at most. Downstream of
    /// a device it works only when it has time. To take it, exchange the names and reload.
    #[serde(default)]
    pub shadow: Option<String>,
    /// Sum of the shadow's file in hex, if it is a path.
    #[serde(default)]
    pub shadow_sha256: Option<String>,
    /// The part of the input that the shadow works on, 0 to 1.
    #[serde(default = "default_share")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub shadow_share: f64,
}

fn default_share() -> f64 {
    0.05
}

impl Options {
    /// Its name or path, and its sum, if there is one and it has something to do.
    pub fn model(&self) -> Option<(&str, Option<&str>)> {
        let name = self.shadow.as_deref().filter(|_| self.shadow_share > 0.0)?;
        Some((name, self.shadow_sha256.as_deref()))
    }

    /// What is wrong with them where the node runs models of `N`, without touching the world.
    pub fn check<N: Runs>(&self) -> Vec<Misuse> {
        let Some(shadow) = &self.shadow else {
            let misuse = |_| {
                let message = "there is no `shadow` whose sum it could be";
                Misuse::new("shadow_sha256", message, "name the `shadow`, or remove it")
            };
            return self.shadow_sha256.iter().map(misuse).collect();
        };
        let mut written = toml::Table::new();
        written.insert("model".to_owned(), shadow.as_str().into());
        if let Some(sum) = &self.shadow_sha256 {
            written.insert("sha256".to_owned(), sum.as_str().into());
        }
        let model = ModelOptions::<N>::deserialize(written);
        let wrong = model.map_or_else(|_| Vec::new(), |it| it.check());
        wrong.into_iter().map(of_shadow).collect()
    }
}

/// What is wrong with a model, as that of the shadow.
pub fn of_shadow(wrong: Misuse) -> Misuse {
    let option = match &*wrong.option {
        "sha256" => "shadow_sha256",
        _ => "shadow",
    };
    Misuse {
        option: option.into(),
        help: wrong.help.replace("`sha256 =", "`shadow_sha256 ="),
        ..wrong
    }
}
