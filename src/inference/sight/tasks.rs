//! What exporters note that a model does, and which node is for it.

use crate::inference::onnx::tensor::About;
use crate::pipeline::contract::error::Misuse;

/// What a model does.
pub struct Task {
    /// What Ultralytics notes as `task` (<https://docs.ultralytics.com/tasks/>).
    pub note: &'static str,
    /// In words.
    pub does: &'static str,
    /// The nodes that are for it.
    pub nodes: &'static [&'static str],
}

const fn task(note: &'static str, does: &'static str, nodes: &'static [&'static str]) -> Task {
    Task { note, does, nodes }
}

const TASKS: [Task; 7] = [
    task("detect", "finds objects", &["detect"]),
    task(
        "segment",
        "finds objects and their masks",
        &["segment", "detect"],
    ),
    task("pose", "estimates poses", &[]),
    task("obb", "finds oriented boxes", &[]),
    task("classify", "classifies whole pictures", &["classify"]),
    task("depth", "estimates depth", &[]),
    task("semantic", "names the class of every pixel", &["segment"]),
];

/// What a model is told to do, if that is known.
pub fn told(model: &About) -> Option<&'static Task> {
    let note = model.notes.get("task")?;
    TASKS.iter().find(|it| it.note == note)
}

/// Why a node is not for a model, by what its file tells.
///
/// # Errors
/// That the file tells of another task.
pub fn check(model: &About, node: &str) -> Result<(), Misuse> {
    match told(model) {
        Some(task) if !task.nodes.contains(&node) => {
            let message = format!(
                "{} {} (`task` is `{}` in the file), and `{node}` is not for it",
                model.name, task.does, task.note
            );
            Err(Misuse::new("model", message, task.remedy()))
        }
        _ => Ok(()),
    }
}

impl Task {
    /// Which node is for it.
    pub fn remedy(&self) -> String {
        match self.nodes {
            [] => "no node is for it; take another model".to_owned(),
            [node, ..] => format!("`{node}` is for it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::sight::heads::testing::facts;

    #[test]
    fn a_model_for_another_node_is_told_and_one_that_tells_nothing_is_taken() {
        let verdict = |note: Option<&str>, node: &str| {
            let mut facts = facts(64, 64, &[]);
            let notes = note.map(|it| ("task".to_owned(), it.to_owned()));
            facts.model.notes.extend(notes);
            check(&facts.model, node).err().map(|it| it.help)
        };
        assert_eq!(verdict(Some("classify"), "classify"), None);
        assert_eq!(verdict(Some("segment"), "detect"), None);
        assert_eq!(verdict(None, "embed"), None);
        assert_eq!(verdict(Some("mystery"), "embed"), None);
        assert_eq!(
            verdict(Some("detect"), "classify").as_deref(),
            Some("`detect` is for it")
        );
        let none = verdict(Some("pose"), "segment").expect("it is refused");
        assert!(none.starts_with("no node is for it"));
    }
}
