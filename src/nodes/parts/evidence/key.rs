//! Ed25519 keys: the one that signs, and those that are trusted.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};

use crate::inference::store::sum;
use crate::pipeline::contract::small_file;

/// What stands before the 32 bytes of a public key: that it is one, by RFC 8410.
const BEFORE: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
const LENGTH: usize = 32;
/// How a key is made.
const MAKE: &str = "openssl genpkey -algorithm ed25519";

/// A key that signs.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

/// Why a key does not serve, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{why}: {help}")]
pub struct Unusable {
    /// What is wrong with it.
    pub why: String,
    /// What to do about it.
    pub help: String,
}

/// The key by which others see who has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; LENGTH]);

impl SigningKey {
    /// Reads a key that nobody else can read.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub fn read(path: &Path) -> Result<SigningKey, Unusable> {
        let shown = path.display();
        let make = format!("make one by `{MAKE} -out {shown}`");
        let about = |why: String| Unusable {
            why: format!("cannot use the key {shown}: {why}"),
            help: make.clone(),
        };
        let file = small_file::open(path).map_err(|it| about(it.to_string()))?;
        only_its_owners(&file, path)?;
        let pem = small_file::of(file).map_err(|it| about(it.to_string()))?;
        let no_key = || about("it is no Ed25519 key".to_owned());
        let der = PrivatePkcs8KeyDer::from_pem_slice(&pem).map_err(|_| no_key())?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der());
        SigningKey::of(pair.map_err(|_| no_key())?).ok_or_else(no_key)
    }

    fn of(pair: Ed25519KeyPair) -> Option<SigningKey> {
        let public = PublicKey(pair.public_key().as_ref().try_into().ok()?);
        Some(SigningKey { pair, public })
    }

    /// What others know it by.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs these bytes.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.pair.sign(bytes).as_ref().to_vec()
    }
}

/// systemd grants credentials by access lists, which show as rights of the group.
fn only_its_owners(file: &File, path: &Path) -> Result<(), Unusable> {
    let mode = file.metadata().map_or(0o777, |it| it.mode());
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY");
    let is_credential = path.parent().map(Path::as_os_str) == credentials.as_deref();
    let others = if is_credential { 0o007 } else { 0o077 };
    match mode & others {
        0 => Ok(()),
        _ => Err(Unusable {
            why: format!(
                "others can read the key {} (mode {:o})",
                path.display(),
                mode & 0o777
            ),
            help: format!(
                "run `chmod 600 {}`; if they may have read it, make another",
                path.display()
            ),
        }),
    }
}

impl PublicKey {
    /// Reads a key of whoever is trusted.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub fn read(path: &Path) -> Result<PublicKey, String> {
        let shown = path.display();
        let pem = small_file::read(path);
        let pem = pem.map_err(|why| format!("cannot read the key {shown}: {why}"))?;
        PublicKey::of_pem(&pem).ok_or_else(|| {
            format!("{shown} is no public Ed25519 key: make it of the one that signs by `openssl pkey -in KEY -pubout -out {shown}`")
        })
    }

    /// The key in a PEM file, if it is one.
    pub fn of_pem(pem: &[u8]) -> Option<PublicKey> {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem).ok()?;
        let key = der.as_ref().strip_prefix(&BEFORE)?;
        Some(PublicKey(key.try_into().ok()?))
    }

    /// The same as a PEM file, as OpenSSL writes it.
    pub fn to_pem(&self) -> String {
        let text = BASE64_STANDARD.encode(self.der());
        format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
    }

    /// What it is called: the SHA-256 of its DER form.
    pub fn fingerprint(&self) -> String {
        sum::sum(&self.der())
    }

    /// Whether it has signed these bytes.
    pub fn has_signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, self.0);
        key.verify(bytes, signature).is_ok()
    }

    fn der(&self) -> Vec<u8> {
        [&BEFORE[..], &self.0].concat()
    }
}

#[cfg(test)]
pub(in crate::nodes) mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A key of RFC 8410, appendix A, as OpenSSL writes keys.
    pub const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";

    #[test]
    fn a_key_signs_and_others_see_that_it_did() {
        let scratch = tempfile::tempdir().expect("a directory");
        let path = scratch.path().join("key.pem");
        fs::write(&path, PRIVATE).expect("room");
        fs::set_permissions(&path, Permissions::from_mode(0o400)).expect("it is ours");
        let key = SigningKey::read(&path).expect("a key");
        assert_eq!(key.public().to_pem(), PUBLIC);
        let public = PublicKey::of_pem(PUBLIC.as_bytes()).expect("a key");
        assert_eq!(&public, key.public());
        let mut signature = key.sign(b"what was seen");
        assert!(public.has_signed(b"what was seen", &signature));
        assert!(!public.has_signed(b"what was said", &signature));
        signature[3] ^= 1;
        assert!(!public.has_signed(b"what was seen", &signature));
    }

    #[track_caller]
    fn refused(content: &str, mode: u32, expected: &str) {
        let scratch = tempfile::tempdir().expect("a directory");
        let path = scratch.path().join("key.pem");
        fs::write(&path, content).expect("room");
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("it is ours");
        let why = SigningKey::read(&path).err().expect("it is refused");
        let why = why.to_string();
        assert!(why.contains(expected) && !why.contains("MC4CAQ"), "{why}");
    }

    #[test]
    fn keys_that_others_can_read_and_other_things_are_refused() {
        refused(PRIVATE, 0o640, "(mode 640): run `chmod 600 ");
        refused(PRIVATE, 0o604, "others can read the key ");
        refused(
            PUBLIC,
            0o600,
            "it is no Ed25519 key: make one by `openssl genpkey",
        );
        refused("", 0o600, "it is no Ed25519 key");
        refused(
            &PRIVATE.replace("K2Vw", "K2Vu"),
            0o600,
            "it is no Ed25519 key",
        );
        let none = SigningKey::read(Path::new("/nowhere/key.pem")).err();
        let why = none.expect("it is not there").to_string();
        assert!(why.contains("No such file"), "{why}");
        assert_eq!(PublicKey::of_pem(PRIVATE.as_bytes()), None);
    }
}
