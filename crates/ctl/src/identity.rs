//! Who asks: the owner and its token, from flags, the environment or a file.

use std::env;

use crate::{cli::Global, exit::Failure, secret::Secret};

/// Environment variable with the owner's name.
const OWNER: &str = "NOVAROUTE_OWNER";
/// Environment variable with the owner's token.
const TOKEN: &str = "NOVAROUTE_TOKEN";

/// The owner and the token that were given, if they were.
#[derive(Debug, Clone, Default)]
pub(crate) struct Identity {
    pub(crate) owner: Option<String>,
    pub(crate) token: Option<Secret>,
}

impl Identity {
    /// A flag wins over the environment, and an empty variable is no variable.
    pub(crate) fn resolve(global: &Global) -> Result<Self, Failure> {
        Self::from_sources(global, |name| env::var(name).ok())
    }

    fn from_sources(global: &Global, variable: impl Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let token = match (&global.token, &global.token_file) {
            (Some(token), _) => Some(token.clone()),
            (None, Some(path)) => Some(Secret::from_file(path).map_err(Failure::Usage)?),
            (None, None) => variable(TOKEN).and_then(|token| token.parse().ok()),
        };
        Ok(Self { owner: global.owner.clone().or_else(|| variable(OWNER)), token })
    }

    /// Both, for a call that cannot do without.
    pub(crate) fn required(self) -> Result<(String, String), Failure> {
        let owner = self.owner.ok_or_else(|| Failure::Usage(missing("an owner", "--owner", OWNER)))?;
        let token = self.token.ok_or_else(|| Failure::Usage(missing("a token", "--token-file, --token", TOKEN)))?;
        Ok((owner, token.reveal().to_owned()))
    }
}

fn missing(what: &str, flags: &str, variable: &str) -> String {
    format!("this command needs {what}: give {flags} or set {variable}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn global() -> Global {
        Global {
            socket: "s".into(),
            owner: None,
            token: None,
            token_file: None,
            timeout: Default::default(),
            wait: None,
            dry_run: false,
            output: Default::default(),
        }
    }

    fn environment(name: &str) -> Option<String> {
        Some(format!("{}-from-environment", name.to_lowercase()))
    }

    #[test]
    fn a_flag_wins_over_the_environment() {
        let from_environment = Identity::from_sources(&global(), environment).unwrap();
        assert_eq!(from_environment.owner.as_deref(), Some("novaroute_owner-from-environment"));
        assert_eq!(from_environment.token.unwrap().reveal(), "novaroute_token-from-environment");

        let flags = Global { owner: Some("edge".into()), token: "t".parse().ok(), ..global() };
        let from_flags = Identity::from_sources(&flags, environment).unwrap();
        assert_eq!(from_flags.required().unwrap(), ("edge".into(), "t".into()));
    }

    #[test]
    fn an_empty_variable_is_no_variable() {
        let nobody = Identity::from_sources(&global(), |_| Some(String::new())).unwrap();
        let Err(Failure::Usage(text)) = nobody.required() else { panic!("an owner out of nothing") };
        assert_eq!(text, "this command needs an owner: give --owner or set NOVAROUTE_OWNER");
    }
}
