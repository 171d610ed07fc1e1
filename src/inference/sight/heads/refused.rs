//! Models that are recognised and no detectors of boxes: refused by name rather than read as boxes.

use super::head::Facts;

/// What Ultralytics notes as `task`, what it is, and which node is for it.
const TASKS: [(&str, &str, &str); 5] = [
    ("pose", "estimates poses", "no node is"),
    ("obb", "finds oriented boxes", "no node is"),
    ("classify", "classifies whole pictures", "`classify` is"),
    ("depth", "estimates depth", "no node is"),
    ("semantic", "names the class of every pixel", "`segment` is"),
];
/// Rows of YOLO's usual pose model: a box, a score and 17 points with two or three numbers.
const POSES: [usize; 2] = [4 + 1 + 17 * 2, 4 + 1 + 17 * 3];

/// Why a model is none that finds upright boxes, and what to do, if it is told or can be seen.
pub fn refused(facts: &Facts<'_>, classes: Option<usize>) -> Option<(String, String)> {
    let is_task = |task: &&(&str, &str, &str)| facts.note("task") == Some(task.0);
    if let Some((task, what, node)) = TASKS.iter().find(is_task) {
        let why =
            format!("it {what} (`task` is `{task}` in the file), and `detect` reads upright boxes");
        return Some((
            why,
            format!("{node} for it; take a model that finds objects"),
        ));
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
