//! Options that are wrong.

use crate::nodes;
use crate::pipeline::contract::testing::configure;

fn refused(options: &str) -> String {
    let ty = nodes::find("mqtt").expect("it is always there");
    let options = format!("folder = 'outbox'\n{options}");
    configure(ty, &options).err().unwrap_or_default()
}

#[test]
fn wrong_options_are_named() {
    let uri = "uri = 'mqtt://broker.lan'\n";
    for (options, said) in [
        ("uri = 'http://broker.lan'", "is no such address"),
        ("uri = 'mqtt://a:mqtt-secret@broker.lan'", "without TLS"),
        ("topic = 'a/#'", "wildcard"),
        ("topic = 'a/+/b'", "wildcard"),
        ("topic = '/a'", "begins or ends"),
        ("topic = '$SYS/a'", "for the broker"),
        ("topic = ''", "is empty"),
        ("discovery_prefix = '#'", "wildcard"),
        ("client_id = ' '", "is empty"),
        ("events = false", "nothing would be published"),
    ] {
        let options = match options.starts_with("uri") {
            true => options.to_owned(),
            false => format!("{uri}{options}"),
        };
        let told = refused(&options);
        assert!(told.contains(said), "{options}: {told}");
        assert!(!told.contains("mqtt-secret"), "{told}");
    }
    assert_eq!(refused(uri), "");
}
