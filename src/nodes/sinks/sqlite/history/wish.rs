//! Which events somebody wants, as a query that an index answers.

use rusqlite::types::Value;

use crate::nodes::sinks::sqlite::schema::SLOT;

/// Which events are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Of this kind.
    pub kind: Option<String>,
    /// Of any kind but this.
    pub but: Option<String>,
    /// With this label.
    pub label: Option<String>,
    /// About this source.
    pub source: Option<String>,
    /// In this zone or over this line.
    pub zone: Option<String>,
    /// With all of these words in what was said; `wor*` for what begins so.
    pub text: Option<String>,
    /// From this time on, in milliseconds since 1970 UTC.
    pub since: Option<i64>,
    /// Before this time.
    pub until: Option<i64>,
    /// Earlier in the list than the event of this time and number.
    pub before: Option<(i64, i64)>,
    /// Only what was written where the pipeline file asked for privacy.
    pub private: bool,
    /// So many at most.
    pub limit: usize,
}

/// The text of a query and what is put into it.
#[derive(Default)]
struct Query {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Query {
    /// What `?` stands for in the condition.
    fn add(&mut self, condition: &str, value: impl Into<Value>) {
        self.conditions.push(condition.to_owned());
        self.values.push(value.into());
    }

    fn whole(&self) -> String {
        match self.conditions.is_empty() {
            true => "1".to_owned(),
            false => self.conditions.join(" AND "),
        }
    }
}

impl Wish {
    /// The latest that are wanted, the latest first. Those with words come in the order in which they were written, as
    /// the index of words has no other.
    pub fn latest(&self, columns: &str) -> (String, Vec<Value>) {
        let mut query = self.conditions();
        let order = match (&self.text, self.before) {
            (None, None) => "e.t DESC, e.id DESC",
            (None, Some((t, id))) => {
                query.add("e.t <= ?", t);
                query.conditions.push("(e.t, e.id) < (?, ?)".to_owned());
                query.values.extend([Value::from(t), Value::from(id)]);
                "e.t DESC, e.id DESC"
            }
            (Some(_), None) => "words.rowid DESC",
            (Some(_), Some((_, id))) => {
                query.add("words.rowid < ?", id);
                "words.rowid DESC"
            }
        };
        self.select(columns, query, order)
    }

    /// Those wanted that were written after this one, in their order.
    pub fn after(&self, columns: &str, id: i64) -> (String, Vec<Value>) {
        let mut query = self.conditions();
        query.add("e.id > ?", id);
        self.select(columns, query, "e.id")
    }

    /// How many there are in each slot of so many milliseconds.
    pub fn counts(&self, slot: i64) -> (String, Vec<Value>) {
        let query = self.conditions();
        let select = format!(
            "SELECT e.t / {slot} AS slot, e.kind, count(*) FROM {} WHERE {} GROUP BY slot, e.kind",
            self.tables(),
            query.whole()
        );
        (select, query.values)
    }

    fn select(&self, columns: &str, mut query: Query, order: &str) -> (String, Vec<Value>) {
        let select = format!(
            "SELECT {columns} FROM {} WHERE {} ORDER BY {order} LIMIT ?",
            self.tables(),
            query.whole()
        );
        query.values.push(Value::from(self.limit as i64));
        (select, query.values)
    }

    fn tables(&self) -> &'static str {
        match self.text {
            None => "events AS e",
            Some(_) => "words CROSS JOIN events AS e ON e.id = words.rowid",
        }
    }

    fn conditions(&self) -> Query {
        let mut query = Query::default();
        if let Some(text) = &self.text {
            query.add("words MATCH ?", phrases(text));
        }
        let named = [
            ("e.kind = ?", &self.kind),
            ("e.kind <> ?", &self.but),
            ("e.label = ?", &self.label),
            ("e.source = ?", &self.source),
            ("e.zone = ?", &self.zone),
        ];
        for (condition, value) in named {
            if let Some(value) = value {
                query.add(condition, value.clone());
            }
        }
        for (condition, at) in [("e.t >= ?", self.since), ("e.t < ?", self.until)] {
            if let Some(at) = at {
                query.add(condition, at);
            }
        }
        if self.text.is_some() {
            let by_number = [
                (
                    "words.rowid >= (SELECT min(first) FROM slots WHERE slot >= ?)",
                    self.since,
                ),
                (
                    "words.rowid <= (SELECT max(last) FROM slots WHERE slot <= ?)",
                    self.until,
                ),
            ];
            for (condition, at) in by_number {
                if let Some(at) = at {
                    query.add(condition, at / SLOT);
                }
            }
        }
        if self.private {
            query.conditions.push("e.private".to_owned());
        }
        query
    }
}

/// Words as FTS5 takes them: whatever stands in them is no operator.
fn phrases(text: &str) -> String {
    let phrase = |word: &str| {
        let (word, star) = match word.strip_suffix('*') {
            Some(word) => (word, "*"),
            None => (word, ""),
        };
        format!("\"{}\"{star}", word.replace('"', "\"\""))
    };
    let phrases: Vec<String> = text.split_whitespace().map(phrase).collect();
    phrases.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_words_and_nothing_else() {
        assert_eq!(phrases("open the do*"), "\"open\" \"the\" \"do\"*");
        assert_eq!(
            phrases("a\"b OR NEAR(x) text:"),
            "\"a\"\"b\" \"OR\" \"NEAR(x)\" \"text:\""
        );
    }

    #[test]
    fn each_wish_becomes_a_condition_with_a_value() {
        let wish = Wish {
            kind: Some("track".to_owned()),
            since: Some(5),
            before: Some((9, 3)),
            limit: 7,
            ..Wish::default()
        };
        let (text, values) = wish.latest("e.id");
        let expected = "SELECT e.id FROM events AS e WHERE e.kind = ? AND e.t >= ? AND e.t <= ? AND \
            (e.t, e.id) < (?, ?) ORDER BY e.t DESC, e.id DESC LIMIT ?";
        assert_eq!(text, expected);
        assert_eq!(values.len(), text.matches('?').count());
    }
}
