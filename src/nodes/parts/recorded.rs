//! Films that `record` has written: when each begins, of which source it is, and whether all of it is there.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::nodes::parts::folder::name;
use crate::nodes::parts::movie::look;
use crate::nodes::parts::take::EXTENSION;

/// When a film begins and of which source it is, by its name; none if another has named it.
pub fn named(path: &Path) -> Option<(Timestamp, String)> {
    let file = path.file_name()?.to_str()?;
    let begins = name::time(file, EXTENSION)?;
    let stem = file.strip_suffix(EXTENSION)?.strip_suffix('.')?;
    // A clip has more words.
    let mut words = stem.split('_').skip(1);
    let source = words.next().filter(|_| words.next().is_none())?;
    Some((begins, source.to_owned()))
}

/// How a source is called in such names.
pub fn word(source: &str) -> String {
    name::plain_word(source)
}

/// How long a film lasts from its first picture on, if its file tells, and how much sound comes before that.
///
/// # Errors
/// In words, what of it is missing, or why it cannot be read.
pub fn length(path: &Path) -> Result<(Option<Duration>, Duration), String> {
    let shown = path.display();
    let film = look(path).map_err(|error| format!("{shown}: {error}"))?;
    let Some(film) = film else {
        return Ok((None, Duration::ZERO));
    };
    if let Some(missing) = film.missing {
        return Err(format!("{shown} is incomplete: {missing}"));
    }
    if film.is_open && named(path).is_some() {
        return Err(format!(
            "{shown} is incomplete: it is still being written, or a kill has left it; the next start of `record` completes it"
        ));
    }
    Ok((film.lasts, film.lead))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_when_and_of_which_source() {
        let told = named(Path::new("a/2026-11-29T16-42-07.123Z_front-door.mp4"));
        let (begins, source) = told.expect("it is ours");
        assert_eq!(begins.to_string(), "2026-11-29T16:42:07.123Z");
        assert_eq!(source, word("front_door"));
        for other in [
            "holiday.mp4",
            "2026-11-29T16-42-07.123Z_porch_person_17.mp4",
            "2026-11-29T16-42-07.123Z_porch.jpg",
        ] {
            assert_eq!(named(Path::new(other)), None, "{other}");
        }
    }
}
