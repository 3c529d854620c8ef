use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use domain::NewAdministrator;
use model::{Actor, PlainSecret, Role};

use super::{CommandContext, Failed, Format, output::Output};

#[derive(Subcommand)]
pub(super) enum AdminCommand {
    /// Create an administrator
    Create(Create),
}

#[derive(Args)]
pub(super) struct Create {
    /// With which they sign in
    #[arg(long)]
    email: String,
    /// For people
    #[arg(long)]
    name: String,
    /// What they may do: owner, manager or viewer
    #[arg(long)]
    role: Role,
    /// Holds the password, 12 to 256 characters; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    password_file: PathBuf,
    #[command(flatten)]
    format: Format,
}

/// Longest password file, in bytes.
const FILE_MAX: u64 = 4096;

impl AdminCommand {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let Self::Create(Create { email, name, role, password_file, format }) = self;
        let installation = context.operator().await?.installation;
        let password = read(&password_file).map_err(|error| {
            Failed::new(format!("the password can't be read from {}: {error}", password_file.display()))
        })?;
        let new = NewAdministrator { email, name, role, password };
        let created = context.keydesk.create_administrator(Actor::Operator, installation, new).await?;
        if format.json {
            return Ok(output.json(&created)?);
        }
        Ok(output.pairs(&[
            ("Id", &created.id.to_string()),
            ("Email", &created.email),
            ("Name", &created.name),
            ("Role", created.role.as_str()),
        ])?)
    }
}

/// The password is the file's text without the line end that editors and `echo` leave.
fn read(path: &Path) -> io::Result<PlainSecret> {
    let mut text = String::new();
    if path == Path::new("-") {
        io::stdin().take(FILE_MAX).read_to_string(&mut text)?;
    } else {
        File::open(path)?.take(FILE_MAX).read_to_string(&mut text)?;
    }
    let end = text.trim_end_matches(['\n', '\r']).len();
    text.truncate(end);
    Ok(PlainSecret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_line_is_not_part_of_the_password() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        for (text, password) in [("a b ", "a b "), ("secret\n", "secret"), ("secret\r\n", "secret")] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(read(&path).unwrap().expose(), password);
        }
    }
}
