//! What a publisher tells of a model beside its graph: names of classes, and what is done to pictures before it.
//! Field numbers are those of `metadata_schema.fbs`.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::flatbuffer::Table;

/// Bytes of a list of names at most.
const LONGEST_NAMES: u64 = 64 * 1024;
/// More files than any model carries.
const MOST_FILES: usize = 64;
/// `ProcessUnitOptions.NormalizationOptions`.
const NORMALISATION: u8 = 1;

/// What is told of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// Names of its classes.
    pub labels: Vec<String>,
    /// What is taken from each level of a picture, one number for all colours or one each.
    pub mean: Vec<f32>,
    /// By which each level is divided after that.
    pub std: Vec<f32>,
}

/// What a file tells, with its metadata if it has some.
pub fn told(file: &[u8], metadata: Option<&[u8]>) -> Told {
    // Metadata that cannot be read is as good as none.
    let told = metadata.and_then(|it| normalisation(it).ok());
    Told {
        labels: labels(file).unwrap_or_default(),
        ..told.unwrap_or_default()
    }
}

/// The lines of the label file in the zip archive at the end of a model.
fn labels(file: &[u8]) -> Option<Vec<String>> {
    let mut archive = ZipArchive::new(Cursor::new(file)).ok()?;
    let names: Vec<String> = archive
        .file_names()
        .take(MOST_FILES)
        .filter_map(|name| Some(name.ok()?.into_owned()))
        .collect();
    let mut texts: Vec<&String> = names.iter().filter(|it| it.ends_with(".txt")).collect();
    texts.sort_by_key(|it| !it.contains("label"));
    let mut text = String::new();
    let entry = archive.by_name(texts.first()?).ok()?;
    entry.take(LONGEST_NAMES).read_to_string(&mut text).ok()?;
    let lines = text.trim_end().lines();
    // An empty one would end the list for those who read it.
    let name = |it: &str| {
        if it.is_empty() {
            "???".to_owned()
        } else {
            it.to_owned()
        }
    };
    Some(lines.map(|it| name(it.trim())).collect())
}

/// Mean and standard deviation of the first input.
fn normalisation(metadata: &[u8]) -> Result<Told, String> {
    let mut told = Told::default();
    let graph = Table::root(metadata)?.tables(3)?.into_iter().next();
    let input = graph.unwrap_or(Table::EMPTY).tables(2)?.into_iter().next();
    for unit in input.unwrap_or(Table::EMPTY).tables(4)? {
        if unit.byte(0)? == NORMALISATION {
            let options = unit.table(1)?.unwrap_or(Table::EMPTY);
            (told.mean, told.std) = (options.floats(0)?, options.floats(1)?);
        }
    }
    Ok(told)
}
