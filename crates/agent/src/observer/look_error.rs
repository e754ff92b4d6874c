//! What can go wrong with a look at a daemon.

use novaroute_frr::show::ShowError;

use crate::vty::VtyError;

/// Why a daemon could not be looked at.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookError {
    /// It could not be asked.
    #[error(transparent)]
    Vty(#[from] VtyError),
    /// It answered something that cannot be read.
    #[error(transparent)]
    Show(#[from] ShowError),
}
