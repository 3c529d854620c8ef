//! `cargo xtask serve`: build what changed, then become the server.

use crate::beside::Beside;
use crate::build::{self, Profile};
use crate::process::{self, Failure, Result};
use crate::step::{Steps, say};
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::ExitCode;

const LISTEN: &str = "127.0.0.1:3000";
const GATEWAY: &str = "127.0.0.1:8080";

/// What is said before a server that nothing has optimised is started.
const QUICK: &str = "This is the quick build, `target/bin/keydesk`: right for trying out; slower, with larger pages, and without gRPC and Redis.
`cargo xtask serve --release` makes the optimised one, once, in some twenty minutes on two cores; after that `cargo xtask serve` runs it.";

/// What is said before a server whose client is not compiled yet.
const WITHOUT_CLIENT: &str = "The pages work from now on, as documents and plain forms. What makes them interactive is compiled meanwhile, in some three minutes on two
cores; then the server starts again with it, by itself.";

/// Returns only when it fails. `own` are xtask's arguments and the server's, `passed_on` the server's alone.
pub(crate) fn run(own: &[String], passed_on: &[String]) -> Result<ExitCode> {
    let (asked, own) = speed(own)?;
    let mut args = [own.as_slice(), passed_on].concat();
    add_default(&mut args, "--listen", "KEYDESK_LISTEN", LISTEN);
    add_default(&mut args, "--data-dir", "KEYDESK_DATA_DIR", "data");
    let named =
        |args: &[String], flag: &str, variable: &str| value(args, flag).or_else(|| std::env::var(variable).ok());
    let listen = named(&args, "--listen", "KEYDESK_LISTEN").unwrap_or(LISTEN.to_owned());
    // A build takes minutes the first time; this is known at once.
    check_free(&listen, "--listen 127.0.0.1:3001")?;
    // A configuration file says itself what stands behind the gateway, if there is one.
    add_default(&mut args, "--gateway-listen", "KEYDESK_GATEWAY_LISTEN", GATEWAY);
    if let Some(gateway) = named(&args, "--gateway-listen", "KEYDESK_GATEWAY_LISTEN") {
        check_free(&gateway, "--gateway-listen 127.0.0.1:8081")?;
        add_sandbox(&mut args);
    }
    let profile = match asked {
        Some(profile) => profile,
        None => unasked(std::env::var_os(Profile::VARIABLE).is_some(), Profile::Release.binary().is_file())?,
    };
    let steps = Steps::new();
    let first = if profile == Profile::Start { build::before_client(&steps)? } else { None };
    let served = first.map(|binary| serve_beside(&binary, &args, &steps)).transpose()?;
    let built = build::with(profile, &steps);
    let Some(served) = served else { return become_server(&built?, profile, &args, &steps) };
    match built {
        Ok(binary) => {
            served.stop();
            become_server(&binary, profile, &args, &steps)
        }
        Err(failure) => {
            say(&format!("The interactive pages can't be built: {failure}. What is served goes on."));
            Ok(served.wait())
        }
    }
}

/// Serves while the client is compiled.
fn serve_beside(binary: &Path, args: &[String], steps: &Steps) -> Result<Beside> {
    say(&steps.total());
    say(WITHOUT_CLIENT);
    let served = Beside::start(process::command(binary).arg("serve").args(args))?;
    Ok(served)
}

fn become_server(binary: &Path, profile: Profile, args: &[String], steps: &Steps) -> Result<ExitCode> {
    say(&steps.total());
    if profile == Profile::Start {
        say(QUICK);
    }
    let error = process::command(binary).arg("serve").args(args).exec();
    Err(Failure::new(format!("{} could not be started: {error}", binary.display())))
}

/// The build that a flag asks for, and the other arguments.
fn speed(args: &[String]) -> Result<(Option<Profile>, Vec<String>)> {
    let (flags, others): (Vec<_>, Vec<_>) =
        args.iter().cloned().partition(|arg| ["--quick", "--release"].contains(&arg.as_str()));
    match flags.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok((None, others)),
        ["--quick"] => Ok((Some(Profile::Start), others)),
        ["--release"] => Ok((Some(Profile::Release), others)),
        _ => Err(Failure::new("`cargo xtask serve` takes one of --quick and --release")),
    }
}

/// The build where no flag asks for one: what the environment names, else a release if one was made before. Nobody should wait
/// for that at the first start.
fn unasked(is_named: bool, has_release: bool) -> Result<Profile> {
    if is_named || has_release { Profile::asked() } else { Ok(Profile::Start) }
}

fn add_default(args: &mut Vec<String>, flag: &str, variable: &str, default: &str) {
    let in_file = value(args, "--config").is_some();
    if value(args, flag).is_none() && std::env::var_os(variable).is_none() && !in_file {
        args.extend([flag.to_owned(), default.to_owned()]);
    }
}

/// Puts the contact centre behind the gateway, unless the arguments or a configuration file say what stands there.
fn add_sandbox(args: &mut Vec<String>) {
    let flag = "--sandbox";
    if value(args, "--config").is_none() && !args.iter().any(|arg| arg == flag) {
        args.push(flag.to_owned());
    }
}

/// The value of `--flag value` or `--flag=value`.
fn value(args: &[String], flag: &str) -> Option<String> {
    args.iter().enumerate().find_map(|(at, arg)| {
        let rest = arg.strip_prefix(flag)?;
        if rest.is_empty() { args.get(at + 1).cloned() } else { rest.strip_prefix('=').map(str::to_owned) }
    })
}

/// Fails where something listens already; `other` is how to choose another port.
pub(crate) fn check_free(listen: &str, other: &str) -> Result<()> {
    match TcpListener::bind(listen) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(Failure::new(format!(
            "{listen} is taken: stop what listens there, or choose another, such as `cargo xtask serve -- {other}`"
        ))),
        Err(error) => Err(Failure::new(format!("cannot listen on {listen}: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_flag_is_found_in_both_spellings() {
        assert_eq!(value(&words(&["--listen", "a:1"]), "--listen").as_deref(), Some("a:1"));
        assert_eq!(value(&words(&["--listen=a:1"]), "--listen").as_deref(), Some("a:1"));
        assert_eq!(value(&words(&["--listening", "a:1"]), "--listen"), None);
    }

    #[test]
    fn a_flag_chooses_the_build_and_is_kept_from_the_server() {
        let others = words(&["--listen", "a:1"]);
        for (flags, expected) in
            [(&[][..], None), (&["--quick"], Some(Profile::Start)), (&["--release"], Some(Profile::Release))]
        {
            assert_eq!(speed(&[words(flags), others.clone()].concat()).unwrap(), (expected, others.clone()));
        }
        assert!(speed(&words(&["--quick", "--release"])).is_err());
    }

    #[test]
    fn the_first_start_does_not_wait_for_a_release() {
        assert_eq!(unasked(false, false).unwrap(), Profile::Start);
        assert_eq!(unasked(false, true).unwrap(), Profile::asked().unwrap());
    }

    #[test]
    fn given_flags_override_defaults() {
        let mut args = words(&["--listen=[::1]:9"]);
        add_default(&mut args, "--listen", "KEYDESK_TEST_UNSET", LISTEN);
        add_default(&mut args, "--data-dir", "KEYDESK_TEST_UNSET", "data");
        assert_eq!(args, ["--listen=[::1]:9", "--data-dir", "data"]);
    }

    #[test]
    fn the_contact_centre_is_started_unless_a_file_says_what_is() {
        for (args, expected) in [
            (&["--listen", "a:1"][..], &["--listen", "a:1", "--sandbox"][..]),
            (&["--sandbox"], &["--sandbox"]),
            (&["--config", "k.toml"], &["--config", "k.toml"]),
        ] {
            let mut args = words(args);
            add_sandbox(&mut args);
            assert_eq!(args, expected);
        }
    }

    #[test]
    fn a_taken_port_is_reported() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let failure = check_free(&taken.local_addr().unwrap().to_string(), "--listen").unwrap_err();
        assert!(failure.to_string().contains("is taken"), "{failure}");
    }
}
