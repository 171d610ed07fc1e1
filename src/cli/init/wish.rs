//! What somebody wants to know, and who is to be told.

use crate::pipeline::contract::uri::Uri;

use crate::cli::secrets::Login;

/// What can be wanted, and what it means.
pub const WANTS: [(&str, &str); 5] = [
    ("persons", "who comes and goes"),
    ("objects", "the same of cars, bicycles, cats and dogs too"),
    ("words", "what is said"),
    ("pictures", "a picture of each visit"),
    ("clips", "a film of each visit, from before it on"),
];

/// What is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// Who comes and goes.
    pub persons: bool,
    /// The same of other things too.
    pub objects: bool,
    /// What is said.
    pub words: bool,
    /// A picture of each visit.
    pub pictures: bool,
    /// A film of each visit.
    pub clips: bool,
}

impl Wants {
    /// Reads words or their numbers, with commas between.
    ///
    /// # Errors
    /// What it could be.
    pub fn read(text: &str) -> Result<Wants, String> {
        let mut wants = Wants::default();
        for word in text.split([',', ' ']).filter(|it| !it.is_empty()) {
            let number = word.parse::<usize>().ok().and_then(|it| it.checked_sub(1));
            let named = number.and_then(|it| WANTS.get(it)).map_or(word, |it| it.0);
            match named {
                "persons" | "person" | "people" => wants.persons = true,
                "objects" | "object" => wants.objects = true,
                "words" | "speech" => wants.words = true,
                "pictures" | "snapshots" => wants.pictures = true,
                "clips" | "films" => wants.clips = true,
                _ => return Err(format!("`{word}` cannot be wanted; {}", names())),
            }
        }
        // A picture or film of a visit needs somebody who visits.
        wants.persons |= (wants.pictures || wants.clips) && !wants.objects;
        match wants == Wants::default() {
            true => Err(names()),
            false => Ok(wants),
        }
    }

    /// Whether pictures are looked at.
    pub fn eyes(self) -> bool {
        self.persons || self.objects
    }

    /// The same in words.
    pub fn told(self) -> String {
        let all = [
            self.persons,
            self.objects,
            self.words,
            self.pictures,
            self.clips,
        ];
        let named = WANTS.iter().zip(all).filter(|it| it.1);
        let named: Vec<&str> = named.map(|it| it.0.0).collect();
        named.join(", ")
    }
}

fn names() -> String {
    let names = WANTS.iter().map(|it| format!("`{}`", it.0));
    format!("it can be {}", names.collect::<Vec<_>>().join(", "))
}

/// Who is told.
#[derive(Debug, PartialEq, Eq)]
pub enum Tell {
    /// The screen.
    Console,
    /// A file of lines of JSON.
    Jsonl,
    /// A database that is searched.
    History,
    /// A broker, and through it Home Assistant: its address without a login, and that.
    Mqtt(String, Option<Login>),
    /// An address that takes events by HTTP, with its login.
    Webhook(String, Option<Login>),
}

/// How those can be named who are told.
pub const TELLS: &str =
    "`console`, `jsonl`, `history`, `mqtt://HOST`, `mqtts://HOST`, `http://…` or `https://…`";

impl Tell {
    /// Reads names and addresses, with commas or spaces between.
    ///
    /// # Errors
    /// What they could be.
    pub fn read(text: &str) -> Result<Vec<Tell>, String> {
        let words = text.split([',', ' ']).filter(|it| !it.is_empty());
        let told: Vec<Tell> = words.map(Tell::one).collect::<Result<_, _>>()?;
        match told.is_empty() {
            true => Err(format!("somebody is to be told: {TELLS}")),
            false => Ok(told),
        }
    }

    fn one(word: &str) -> Result<Tell, String> {
        match word {
            "console" | "screen" | "1" => return Ok(Tell::Console),
            "jsonl" | "file" | "2" => return Ok(Tell::Jsonl),
            "history" | "3" => return Ok(Tell::History),
            _ => {}
        }
        let uri = Uri::new(word);
        let unknown = || format!("`{uri}` cannot be told anything; it can be {TELLS}");
        let scheme = uri
            .scheme()
            .map(str::to_ascii_lowercase)
            .ok_or_else(unknown)?;
        let (plain, told) = uri.without_user();
        if uri.host().is_none() {
            return Err(unknown());
        }
        let login = told
            .map(|(user, password)| Login::of(&user, &password))
            .transpose()?;
        match scheme.as_str() {
            "mqtt" | "mqtts" => Ok(Tell::Mqtt(plain, login)),
            "http" | "https" => Ok(Tell::Webhook(plain, login)),
            _ => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_words_or_numbers() {
        let told = |text: &str| Wants::read(text).map(Wants::told);
        assert_eq!(told("persons").as_deref(), Ok("persons"));
        assert_eq!(told("1, 3").as_deref(), Ok("persons, words"));
        assert_eq!(told("clips").as_deref(), Ok("persons, clips"));
        assert_eq!(told("objects,pictures").as_deref(), Ok("objects, pictures"));
        for wrong in ["", "6", "0", "everything"] {
            assert!(
                told(wrong).is_err_and(|it| it.contains("`persons`")),
                "{wrong}"
            );
        }
    }

    #[test]
    fn who_is_told_has_a_name_or_an_address() {
        let read = |text: &str| Tell::read(text).map(|it| format!("{it:?}"));
        assert_eq!(read("console, jsonl").as_deref(), Ok("[Console, Jsonl]"));
        let broker = read("mqtt://otus:hunter2-wish@broker.local:1884").unwrap_or_default();
        assert_eq!(
            broker,
            "[Mqtt(\"mqtt://broker.local:1884\", Some(otus:***))]"
        );
        for wrong in ["", "ftp://h", "mqtt://", "everybody"] {
            assert!(
                read(wrong).is_err_and(|it| it.contains("mqtt://HOST")),
                "{wrong}"
            );
        }
    }
}
