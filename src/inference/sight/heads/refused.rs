//! Models that are recognised and no detectors of boxes: refused by name rather than read as boxes.

use super::head::Facts;
use crate::inference::sight::tasks::told;

/// Rows of YOLO's usual pose model: a box, a score and 17 points with two or three numbers.
const POSES: [usize; 2] = [4 + 1 + 17 * 2, 4 + 1 + 17 * 3];

/// Why a model is none that finds upright boxes, and what to do, if it is told or can be seen.
pub fn refused(facts: &Facts<'_>, classes: Option<usize>) -> Option<(String, String)> {
    if let Some(task) = told(facts.model).filter(|it| !it.nodes.contains(&"detect")) {
        let (does, note) = (task.does, task.note);
        let why =
            format!("it {does} (`task` is `{note}` in the file), and `detect` reads upright boxes");
        return Some((why, task.remedy()));
    }
    // A detector of 52 or 35 classes looks the same.
    let rows = facts.shape::<3>(0).map(|it| it[1]);
    let is_pose = facts.note("task").is_none() && facts.outputs.len() == 1;
    let looks_so = |rows: &usize| POSES.contains(rows) && classes.is_none_or(|it| it + 4 != *rows);
    rows.filter(|it| is_pose && looks_so(it)).map(|rows| {
        let why = format!(
            "its output has {rows} rows, as of a model that estimates poses, or of one that tells {} classes apart",
            rows - 4
        );
        (why, "if it is a detector, name its classes in `labels_file` or `classes`".to_owned())
    })
}
