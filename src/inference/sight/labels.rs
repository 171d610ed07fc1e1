//! Names of classes, as lists and as those who export models write them into their files.

use std::sync::Arc;

/// The 80 classes of COCO's detection task, in the order of its models.
const COCO: &str = "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,\
fire hydrant,stop sign,parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,\
backpack,umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,\
baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl,banana,\
apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,potted plant,bed,\
dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,\
refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush";

/// Bytes of a name at most.
const LONGEST_NAME: usize = 200;

/// The labels called `text`, or those that it lists: with commas or line breaks, or as Python and JSON write a list or
/// a table by number, `{0: 'person', 1: 'car'}`. None if it is none of these.
pub fn list(text: &str) -> Option<Vec<Arc<str>>> {
    let text = if text == "coco" { COCO } else { text.trim() };
    let names = match text.chars().next()? {
        '{' => table(text)?,
        '[' | '(' => Written(text).names()?,
        _ => plain(text)?,
    };
    let is_name = |it: &String| {
        let is_plain = !it.chars().any(char::is_control);
        !it.is_empty() && it.len() <= LONGEST_NAME && is_plain
    };
    let are_names = !names.is_empty() && names.iter().all(is_name);
    are_names.then(|| names.into_iter().map(Arc::from).collect())
}

/// Names between commas or line breaks. What is a number is no name: it may be how many there are.
fn plain(text: &str) -> Option<Vec<String>> {
    let names = text.trim_end_matches([',', '\n', '\r']).split([',', '\n']);
    let names: Vec<String> = names.map(|it| it.trim().to_owned()).collect();
    let are_words = !names.iter().any(|it| it.parse::<f64>().is_ok());
    are_words.then_some(names)
}

/// The names of a table, whose keys are all numbers from 0 on, in any order.
fn table(text: &str) -> Option<Vec<String>> {
    let mut entries = Written(text).entries()?;
    entries.sort();
    let is_next = |(at, (number, _)): (usize, &(usize, String))| at == *number;
    let is_whole = entries.iter().enumerate().all(is_next);
    is_whole.then(|| entries.into_iter().map(|(_, name)| name).collect())
}

/// What is left of a list or table that Python or JSON has written.
struct Written<'a>(&'a str);

impl Written<'_> {
    fn names(mut self) -> Option<Vec<String>> {
        let end = if self.takes('[') { ']' } else { ')' };
        let _ = end == ')' && self.takes('(');
        self.until(end, Written::string)
    }

    fn entries(mut self) -> Option<Vec<(usize, String)>> {
        self.takes('{');
        self.until('}', |it| {
            let key = match it.0.starts_with(['\'', '"']) {
                true => it.string()?,
                false => it.digits(),
            };
            let key = key.parse().ok()?;
            it.takes(':').then(|| it.string())?.map(|name| (key, name))
        })
    }

    /// Entries with commas between them, up to the bracket at the end of the text.
    fn until<T>(&mut self, end: char, entry: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut entries = Vec::new();
        while !self.takes(end) {
            entries.push(entry(self)?);
            if !self.takes(',') {
                return (self.takes(end) && self.0.is_empty()).then_some(entries);
            }
        }
        self.0.is_empty().then_some(entries)
    }

    /// Takes a sign and the spaces around it, if it is the next.
    fn takes(&mut self, sign: char) -> bool {
        let rest = self.0.trim_start().strip_prefix(sign);
        self.0 = rest.map_or(self.0, str::trim_start);
        rest.is_some()
    }

    fn digits(&mut self) -> String {
        let rest = self.0.trim_start_matches(|it: char| it.is_ascii_digit());
        let digits = self.0[..self.0.len() - rest.len()].to_owned();
        self.0 = rest;
        digits
    }

    fn string(&mut self) -> Option<String> {
        let quote = self
            .0
            .chars()
            .next()
            .filter(|it| ['\'', '"'].contains(it))?;
        let mut letters = self.0.char_indices().skip(1);
        let mut string = String::new();
        while let Some((at, letter)) = letters.next() {
            match letter {
                _ if letter == quote => {
                    self.0 = &self.0[at + 1..];
                    return Some(string);
                }
                '\\' => match letters.next()?.1 {
                    sign @ ('\\' | '\'' | '"' | '/') => string.push(sign),
                    width @ ('x' | 'u') => {
                        let digits = letters.by_ref().take(if width == 'x' { 2 } else { 4 });
                        let digits: String = digits.map(|it| it.1).collect();
                        string.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                    }
                    _ => return None,
                },
                _ => string.push(letter),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Option<Vec<String>> {
        let names = list(text)?;
        Some(names.iter().map(|it| it.to_string()).collect())
    }

    #[test]
    fn coco_has_80_classes_and_other_lists_are_read_as_they_are() {
        let coco = list("coco").expect("it is known");
        assert_eq!(
            (coco.len(), &*coco[0], &*coco[79]),
            (80, "person", "toothbrush")
        );
        assert_eq!(list("face"), Some(vec![Arc::from("face")]));
    }

    #[test]
    fn names_are_read_as_exporters_write_them() {
        let wanted = Some(vec!["person".to_owned(), "traffic light".to_owned()]);
        for text in [
            "{0: 'person', 1: 'traffic light'}",
            "{1: 'traffic light', 0: 'person'}",
            "{\"0\": \"person\", \"1\": \"traffic light\"}",
            "{0:'person',1:\"traffic light\",}",
            "['person', 'traffic light']",
            "[\"person\",\"traffic\\u0020light\"]",
            "('person', 'traffic light')",
            "person,traffic light",
            "person\ntraffic light\n",
        ] {
            assert_eq!(names(text), wanted, "{text}");
        }
        let quoted = names("{0: \"driver's \\\"cab\\\"\", 1: 'caf\\xe9', 2: 'Tür'}");
        assert_eq!(
            quoted,
            Some(
                ["driver's \"cab\"", "café", "Tür"]
                    .map(str::to_owned)
                    .into()
            )
        );
    }

    #[test]
    fn what_is_no_list_of_names_is_refused() {
        let long = format!("{{0: '{}'}}", "x".repeat(LONGEST_NAME + 1));
        for text in [
            "",
            "{}",
            "[]",
            "80",
            "person,,car",
            "{0: 'person'",
            "{0: 'person'} or so",
            "{1: 'person'}",
            "{0: 'a', 0: 'b'}",
            "{0: 'a', 2: 'b'}",
            "{-1: 'a'}",
            "{0: person}",
            "{0: ['a']}",
            "{0: __import__('os')}",
            "{0: 'a' 1: 'b'}",
            "['a' 'b']",
            "['a\\x1b[2J']",
            "['\\ud800']",
            "['a\\']",
            "{99999999999999999999: 'a'}",
            "(",
            &long,
        ] {
            assert_eq!(names(text), None, "{text}");
        }
    }
}
