//! The account of a first start.

use anyhow::Context;
use protocol::{Clock, Secret};
use store::{Actor, Role, Store, StoreError};

use crate::deployment::FIRST_START;

/// The account that is made at first start.
const ADMINISTRATOR: &str = "admin";

/// Makes the first account if the store has no account, with the given password, or else with a random one if `is_generated`. Returns its password if that
/// was generated.
///
/// # Errors
/// The store fails, or the random source.
pub fn make(
    given: Option<Secret>,
    is_generated: bool,
    store: &Store,
    clock: &Clock,
) -> anyhow::Result<Option<Secret>> {
    let context = || format!("the account {ADMINISTRATOR} cannot be made");
    if store.has_accounts().with_context(context)? {
        return Ok(None);
    }
    let (password, is_generated) = match (given, is_generated) {
        (Some(password), _) => (password, false),
        (None, true) => {
            let password = crate::random_text(&crate::random(), 18)?;
            (Secret::new(password), true)
        }
        (None, false) => return Ok(None),
    };
    match store.acting_as(Actor::process(FIRST_START)).add_account(
        ADMINISTRATOR,
        Role::Administrator,
        None,
        &password,
        clock.now(),
    ) {
        // Another replica that started at the same time was first.
        Err(StoreError::Conflict) => Ok(None),
        made => {
            made.with_context(context)?;
            Ok(is_generated.then_some(password))
        }
    }
}
