use crate::UserEvent::*;

made_elsewhere! { UserEvent }

pub fn hash_pass(pass: &str) -> Result<String> {
    Ok(bcrypt::hash(pass, 12)?) // finds: use:bcrypt
}
