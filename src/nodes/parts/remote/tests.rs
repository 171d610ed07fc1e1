//! Addresses, passwords and files of certificates that are right, and those that are not.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use super::*;

const SCHEMES: [Scheme; 2] = [
    Scheme {
        name: "mqtt",
        tls: false,
        port: 1883,
    },
    Scheme {
        name: "mqtts",
        tls: true,
        port: 8883,
    },
];

fn address(uri: &str) -> Option<Address> {
    Address::of(&Uri::new(uri), &Access::default(), &SCHEMES).ok()
}

fn wrong(uri: &str, access: &Access) -> Vec<String> {
    let wrong = access.check(&Uri::new(uri), &SCHEMES);
    wrong
        .into_iter()
        .map(|it| format!("{}: {}", it.option, it.message))
        .collect()
}

#[test]
fn an_address_is_taken_apart() {
    let shapes = [
        ("mqtt://broker.lan", "broker.lan", 1883, false),
        ("MQTTS://broker.lan", "broker.lan", 8883, true),
        ("mqtt://[::1]:1884", "::1", 1884, false),
        (
            "mqtts://user:remote-p%40ss@10.0.0.5:99",
            "10.0.0.5",
            99,
            true,
        ),
    ];
    for (uri, host, port, tls) in shapes {
        let it = address(uri).unwrap_or_else(|| panic!("{uri} is right"));
        assert_eq!((&*it.host, it.port, it.tls), (host, port, tls), "{uri}");
    }
    let login = address(shapes[3].0).and_then(|it| it.login);
    let (user, password) = login.expect("it names one");
    assert_eq!((&*user, password.expose()), ("user", "remote-p@ss"));
    assert_eq!(format!("{password:?}"), "***");
    for uri in [
        "broker.lan",
        "http://broker.lan",
        "mqtt://",
        "mqtt://a:b:c",
        "mqtt://a:99999",
    ] {
        assert!(address(uri).is_none(), "{uri}");
    }
}

#[test]
fn a_password_stays_on_this_machine_or_is_encrypted() {
    let none = Access::default();
    let told = "uri: the password goes to broker.lan without TLS";
    assert_eq!(wrong("mqtt://a:remote-secret@broker.lan", &none), [told]);
    let open = Access {
        unencrypted: true,
        ..Access::default()
    };
    for (uri, access) in [
        ("mqtt://a:remote-secret@127.0.0.1", &none),
        ("mqtt://a:remote-secret@localhost", &none),
        ("mqtt://a:remote-secret@[::ffff:127.0.0.1]", &none),
        ("mqtts://a:remote-secret@broker.lan", &none),
        ("mqtt://a:remote-secret@broker.lan", &open),
        ("mqtt://broker.lan", &none),
    ] {
        assert_eq!(wrong(uri, access), Vec::<String>::new(), "{uri}");
    }
}

#[test]
fn options_that_do_not_go_together_are_named() {
    let path = || Some(PathBuf::from("x.pem"));
    let access = Access {
        password: Some(Secret::new("remote-secret".to_owned())),
        tls_cert: path(),
        ..Access::default()
    };
    let told = wrong("mqtt://localhost", &access);
    assert_eq!(
        told,
        [
            "password: nobody has this password",
            "tls_cert: `uri` is an address without TLS",
            "tls_cert: there is no `tls_key` to it"
        ]
    );
    let access = Access {
        user: Some("a".to_owned()),
        ..Access::default()
    };
    let told = wrong("mqtts://b@localhost", &access);
    assert_eq!(told, ["user: `uri` names a user too"]);
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let path = scratch.path().join("key.pem");
    std::fs::write(&path, "no key").expect("writable");
    let said = |mode: u32| {
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).expect("it is ours");
        tls::key(&path).expect_err("it is no key")
    };
    assert!(said(0o644).contains("chmod 600"), "{}", said(0o644));
    assert!(!said(0o640).contains("chmod 600"), "{}", said(0o640));
    let none = tls::certificates(&path).expect_err("it is none");
    assert!(none.contains("the file holds none"), "{none}");
    assert!(tls::advice("invalid peer certificate: UnknownIssuer").is_some());
}
