//! `otus tap`: the events of a running instance as they come, filtered.

use std::io::{BufRead, BufReader, Read, Write, stdout};
use std::process::ExitCode;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;
use jiff::Timestamp;
use serde_json::Value;

use super::client::Place;
use super::events::table::Table;
use crate::cli::completions;
use crate::cli::output::failed;
use crate::nodes::Expression;
use crate::nodes::history::Told;

/// No event is longer.
const LONGEST_LINE: u64 = 4 * 1024 * 1024;

/// What to listen to.
#[derive(Args)]
#[group(skip)]
pub struct Tap {
    /// The pipeline file that runs, or the address of its status endpoint.
    #[arg(value_name = "FILE|URL")]
    what: Option<String>,
    #[command(flatten)]
    place: Place,
    /// Only of this kind, such as `detection` or `transcript`.
    #[arg(long)]
    kind: Option<String>,
    /// Only by this node.
    #[arg(long, add = ArgValueCandidates::new(completions::nodes))]
    node: Option<String>,
    /// Only about this source.
    #[arg(long)]
    source: Option<String>,
    /// Only if this condition holds of it, in CEL as in `filter`: `objects.exists(it, it.score > 0.6)`.
    #[arg(long, value_name = "CONDITION", value_parser = condition)]
    r#where: Option<String>,
    /// Stop after so many.
    #[arg(long, value_name = "NUMBER")]
    count: Option<u64>,
}

/// Parsed again where it is needed: clap wants what can be cloned.
fn condition(text: &str) -> Result<String, String> {
    let parsed = Expression::parse(text).map_err(|it| it.message)?;
    drop(parsed);
    Ok(text.to_owned())
}

/// What of the events is wanted.
struct Filter {
    kind: Option<String>,
    node: Option<String>,
    source: Option<String>,
    condition: Option<Expression>,
    left: u64,
}

pub fn tap(tap: Tap, json: bool) -> ExitCode {
    let condition = tap.r#where.as_deref().map(Expression::parse);
    let mut filter = Filter {
        kind: tap.kind,
        node: tap.node,
        source: tap.source,
        condition: condition.and_then(Result::ok),
        left: tap.count.unwrap_or(u64::MAX),
    };
    let place = match tap.place.of(tap.what.as_deref()) {
        Ok(place) => place,
        Err(code) => return code,
    };
    match listen(&place, &mut filter, json) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => failed(message),
    }
}

/// Until there were enough, or the instance ends. One that has cut us off, because we read too slowly, is asked for
/// what came after the last event that we have.
fn listen(place: &Place, filter: &mut Filter, json: bool) -> Result<(), String> {
    let table = Table::of(&[]);
    let mut last: Option<String> = None;
    loop {
        let number = last.clone().unwrap_or_default();
        let headers = [("last-event-id", &*number)];
        let headers = if last.is_some() { &headers[..] } else { &[] };
        let answer = match place.get("/events", headers, None) {
            Ok(answer) => answer,
            // It was there: it has ended.
            Err(_) if last.is_some() => return Ok(()),
            Err(why) => return Err(why),
        };
        let before = last.clone();
        let mut show = |event: &Value, line: &str| {
            table.print(&told(event, line), json);
            let _ = stdout().flush();
        };
        if read(answer.body, &mut last, filter, &mut show) || last == before {
            return Ok(());
        }
    }
}

/// Reads server-sent events; whether there were enough of them.
fn read(
    body: Box<dyn Read>,
    last: &mut Option<String>,
    filter: &mut Filter,
    show: &mut impl FnMut(&Value, &str),
) -> bool {
    let mut body = BufReader::new(body);
    let mut line = String::new();
    loop {
        if filter.left == 0 {
            return true;
        }
        line.clear();
        match (&mut body).take(LONGEST_LINE).read_line(&mut line) {
            Ok(0) | Err(_) => return false,
            Ok(_) => {}
        }
        if let Some(number) = line.strip_prefix("id:") {
            *last = Some(number.trim().to_owned());
        }
        let Some(data) = line.strip_prefix("data:") else {
            continue;
        };
        let data = data.trim();
        let Ok(event) = serde_json::from_str::<Value>(data) else {
            continue;
        };
        if filter.lets(&event) {
            filter.left -= 1;
            show(&event, data);
        }
    }
}

impl Filter {
    fn lets(&self, event: &Value) -> bool {
        let fits = |wanted: &Option<String>, field: &str| {
            wanted.as_deref().is_none_or(|it| event[field] == it)
        };
        fits(&self.kind, "kind")
            && fits(&self.node, "node")
            && fits(&self.source, "source")
            && self.condition.as_ref().is_none_or(|it| it.holds(event))
    }
}

/// An event as the history tells it.
fn told(event: &Value, line: &str) -> Told {
    let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
    let at = text("time")
        .parse::<Timestamp>()
        .map_or(0, Timestamp::as_millisecond);
    Told {
        id: 0,
        t: at,
        start: at,
        end: at,
        kind: text("kind"),
        source: text("source"),
        node: text("node"),
        label: None,
        zone: None,
        track: None,
        text: None,
        model: None,
        says: text("says"),
        json: line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_read_up_to_where_it_breaks_off() {
        let stream = "id: 7\ndata: {\"kind\":\"track\",\"source\":\"porch\",\"n\":1}\n\n: still here\n\n\
                      id: 8\ndata: {\"kind\":\"gap\",\"source\":\"porch\",\"n\":2}\n\nid: 9\ndata: {\"kind\":\"track\",\
                      \"source\":\"yard\",\"n\":3}\n\ndata: {\"kind\":\"tra";
        let seen = |kind: Option<&str>, condition: Option<&str>, left| {
            let mut filter = Filter {
                kind: kind.map(str::to_owned),
                node: None,
                source: None,
                condition: condition.map(|it| Expression::parse(it).expect("it is one")),
                left,
            };
            let (mut last, mut seen) = (None, Vec::new());
            let body = Box::new(stream.as_bytes());
            let enough = read(body, &mut last, &mut filter, &mut |it, _| {
                seen.push(it["n"].clone())
            });
            (seen, last.unwrap_or_default(), enough)
        };
        assert_eq!(
            seen(None, None, 9),
            (vec![1.into(), 2.into(), 3.into()], "9".into(), false)
        );
        assert_eq!(
            seen(Some("track"), None, 9),
            (vec![1.into(), 3.into()], "9".into(), false)
        );
        assert_eq!(seen(None, Some("source == 'yard'"), 9).0, [Value::from(3)]);
        assert_eq!(seen(None, None, 1), (vec![1.into()], "7".into(), true));
    }
}
