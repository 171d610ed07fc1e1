//! Passwords that were told, on their way to a file of their own.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::pipeline::contract::secret;

/// What means nothing in an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Who we are somewhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password itself.
    pub password: String,
    /// The variable that it is, if whoever called us has set one.
    variable: Option<String>,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.user, secret::MASK)
    }
}

impl Login {
    /// User and password as they stand in an address; a password may be a variable that is set. From now on it is not
    /// printed.
    ///
    /// # Errors
    /// That the variable is not set.
    pub fn of(user: &str, password: &str) -> Result<Login, String> {
        let plain = |it: &str| percent_decode_str(it).decode_utf8_lossy().into_owned();
        let name = password
            .strip_prefix("${")
            .and_then(|it| it.strip_suffix('}'));
        let Some(name) = name else {
            return Ok(Login::typed(&plain(user), &plain(password)));
        };
        let value = secret::look_up(name);
        let value = value.ok_or_else(|| format!("`${{{name}}}` is not set in the environment"))?;
        secret::remember(&value);
        Ok(Login {
            user: plain(user),
            password: value,
            variable: Some(name.to_owned()),
        })
    }

    /// The user as it stands in an address.
    pub fn user_in_address(&self) -> String {
        utf8_percent_encode(&self.user, PLAIN).to_string()
    }

    /// Both as they stand in an address that nobody is shown.
    pub fn in_address(&self) -> String {
        let password = utf8_percent_encode(&self.password, PLAIN);
        format!("{}:{password}@", self.user_in_address())
    }

    /// The same as somebody has typed it, each by itself.
    pub fn typed(user: &str, password: &str) -> Login {
        secret::remember(password);
        Login {
            user: user.to_owned(),
            password: password.to_owned(),
            variable: None,
        }
    }
}

/// What the file of secrets is to hold: names and values, in their order.
#[derive(Default)]
pub struct Secrets(Vec<(String, String)>);

impl Secrets {
    /// How a password stands in the pipeline file of the node `node`: `${NODE_PASSWORD}`, which the file of secrets
    /// has then; nothing where there is none.
    pub fn reference(&mut self, node: &str, login: &Login) -> String {
        if login.password.is_empty() {
            return String::new();
        }
        let name = match &login.variable {
            Some(name) => name.clone(),
            None => self.keep(&format!("{}_PASSWORD", node.to_ascii_uppercase()), login),
        };
        format!("${{{name}}}")
    }

    fn keep(&mut self, name: &str, login: &Login) -> String {
        let known = self.0.iter().find(|(_, value)| *value == login.password);
        if let Some((name, _)) = known {
            return name.clone();
        }
        self.0.push((name.to_owned(), login.password.clone()));
        name.to_owned()
    }

    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The file: a line for each.
    pub fn text(&self) -> String {
        let quote = |value: &str| match value.trim() != value || value.starts_with(['"', '\'']) {
            true => format!("\"{value}\""),
            false => value.to_owned(),
        };
        let lines = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={}\n", quote(value)));
        lines.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_kept_once_and_a_variable_not_at_all() {
        let mut secrets = Secrets::default();
        let login = Login::typed("admin", "hunter2-init");
        assert_eq!(secrets.reference("porch", &login), "${PORCH_PASSWORD}");
        assert_eq!(secrets.reference("yard", &login), "${PORCH_PASSWORD}");
        let own = Login {
            variable: Some("MY_OWN".to_owned()),
            ..Login::typed("admin", "hunter3-init")
        };
        assert_eq!(secrets.reference("gate", &own), "${MY_OWN}");
        let spaced = Login::typed("admin", " hunter4-init");
        assert_eq!(secrets.reference("barn", &spaced), "${BARN_PASSWORD}");
        assert_eq!(
            secrets.text(),
            "PORCH_PASSWORD=hunter2-init\nBARN_PASSWORD=\" hunter4-init\"\n"
        );
        assert!(!format!("{own:?}").contains("hunter"));
    }
}
