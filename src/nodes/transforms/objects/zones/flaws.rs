//! What can be wrong with zones and lines.

use std::collections::HashSet;
use std::sync::Arc;

use super::options::Config;
use crate::nodes::parts::polygon::flaws::{MOST, flaw, outside};
use crate::pipeline::contract::error::Misuse;

/// Less of the frame is no length.
const LEAST_LENGTH: f32 = 1e-3;

impl Config {
    /// What is wrong with them.
    pub fn misuses(&self) -> Vec<Misuse> {
        if self.zones.is_empty() && self.lines.is_empty() {
            let help = "write `[[transforms.NAME.zones]]` with `name` and `polygon`, or `lines` with `from` and `to`";
            return vec![Misuse::new("zones", "there is no zone and no line", help)];
        }
        let mut misuses = Vec::new();
        for (list, count) in [("zones", self.zones.len()), ("lines", self.lines.len())] {
            if count > MOST {
                let message = format!("there are more than {MOST}");
                misuses.push(Misuse::new(
                    list,
                    message,
                    "share them between several nodes",
                ));
            }
        }
        misuses.extend(self.unnamed());
        for (at, zone) in self.zones.iter().enumerate() {
            let wrong =
                |(message, help)| Misuse::new(format!("zones[{at}].polygon"), message, help);
            misuses.extend(flaw(&zone.polygon).map(wrong));
        }
        for (at, line) in self.lines.iter().enumerate() {
            for (end, point) in [("from", line.from), ("to", line.to)] {
                let wrong =
                    |(message, help)| Misuse::new(format!("lines[{at}].{end}"), message, help);
                misuses.extend(outside(&[point]).map(wrong));
            }
            let (width, height) = (line.to[0] - line.from[0], line.to[1] - line.from[1]);
            if width.hypot(height) < LEAST_LENGTH {
                let help = "let it end where it does not begin";
                misuses.push(Misuse::new(
                    format!("lines[{at}].to"),
                    "the line has no length",
                    help,
                ));
            }
        }
        misuses
    }

    /// Zones and lines without a name of their own.
    fn unnamed(&self) -> Vec<Misuse> {
        let zones = self.zones.iter().map(|it| ("zones", &it.name)).enumerate();
        let lines = self.lines.iter().map(|it| ("lines", &it.name)).enumerate();
        let mut names = HashSet::new();
        let wrong = |(at, (list, name)): (usize, (&str, &Arc<str>))| {
            let message = match (name.trim().is_empty(), names.insert(Arc::clone(name))) {
                (true, _) => "it has no name".to_owned(),
                (false, true) => return None,
                (false, false) => format!("there is another `{name}`"),
            };
            let help = "events tell of it by its name: give it one of its own";
            Some(Misuse::new(format!("{list}[{at}].name"), message, help))
        };
        zones.chain(lines).filter_map(wrong).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(options: &str, expect: &[(&str, &str)]) {
        let config: Config = toml::from_str(options).expect("it can be read");
        let misuses = config.misuses();
        let said: Vec<(&str, &str)> = misuses
            .iter()
            .map(|it| (&*it.option, &*it.message))
            .collect();
        assert_eq!(said, expect, "{options}");
    }

    fn polygon(points: &str) -> String {
        format!(
            "zones = [{{ name = 'good', polygon = [[0, 0], [1, 0], [1, 1]] }}, {{ name = 'z', polygon = [{points}] }}]"
        )
    }

    #[test]
    fn a_polygon_that_is_none_is_told_with_its_place() {
        for (points, expect) in [
            ("[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]", None),
            // As others write it, with the first point at its end.
            ("[0.1, 0.1], [0.9, 0.1], [0.5, 0.9], [0.1, 0.1]", None),
            ("[0.1, 0.1], [0.9, 0.1]", Some("it has 2 points")),
            (
                "[0.1, 0.1], [0.1, 0.1], [0.9, 0.1], [0.9, 0.1]",
                Some("it has 2 points"),
            ),
            (
                "[0.1, 0.1], [320, 0.1], [0.5, 0.9]",
                Some("[320.0, 0.1] lies outside the frame"),
            ),
            (
                "[0.1, 0.1], [nan, 0.1], [0.5, 0.9]",
                Some("[NaN, 0.1] lies outside the frame"),
            ),
            ("[0.1, 0.5], [0.5, 0.5], [0.9, 0.5]", Some("it has no area")),
            (
                "[0.1, 0.1], [0.1001, 0.1], [0.1, 0.1001]",
                Some("it has no area"),
            ),
            (
                "[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]",
                Some(
                    "its side from [0.1, 0.1] to [0.9, 0.9] meets that from [0.9, 0.1] to [0.1, 0.9]",
                ),
            ),
            (
                "[0.0, 0.0], [0.5, 0.0], [1.0, 0.0], [0.25, 0.0], [0.25, 1.0]",
                Some(
                    "its side from [0.0, 0.0] to [0.5, 0.0] meets that from [1.0, 0.0] to [0.25, 0.0]",
                ),
            ),
        ] {
            let expect: Vec<_> = expect.iter().map(|it| ("zones[1].polygon", *it)).collect();
            check(&polygon(points), &expect);
        }
    }

    #[test]
    fn lines_names_and_nothing_at_all_are_told_too() {
        check("", &[("zones", "there is no zone and no line")]);
        check(
            "lines = [{ name = 'a', from = [0.5, 0.5], to = [0.5, 0.5] }, { name = 'a', from = [0, 0], to = [1, 2] }]",
            &[
                ("lines[1].name", "there is another `a`"),
                ("lines[0].to", "the line has no length"),
                ("lines[1].to", "[1.0, 2.0] lies outside the frame"),
            ],
        );
        let one = "{ name = ' ', polygon = [[0, 0], [1, 0], [1, 1]] }";
        check(
            &format!("zones = [{one}]"),
            &[("zones[0].name", "it has no name")],
        );
        let many: Vec<String> = (0..65)
            .map(|it| format!("{{ name = '{it}', from = [0, 0], to = [1, 1] }}"))
            .collect();
        check(
            &format!("lines = [{}]", many.join(", ")),
            &[("lines", "there are more than 64")],
        );
    }
}
