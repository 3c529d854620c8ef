//! What variables, flags and the file say, as a Windows `.env` or a container writes it.

use std::{fs, path::Path};

use crate::support::{init, ran};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_sees_in_a_setting_is_refused_by_its_name_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").display().to_string();
    let file = folder.path().join("keydesk.toml");
    fs::write(&file, "data_dir = \"data \"\n").unwrap();
    let file = file.display().to_string();
    let before = names(folder.path());
    for (name, value, words) in [
        ("KEYDESK_DATA_DIR", format!("{data}\r"), "KEYDESK_DATA_DIR ends with a carriage return"),
        ("KEYDESK_DATA_DIR", format!("{data} "), "KEYDESK_DATA_DIR ends with a blank"),
        ("KEYDESK_DATABASE", format!("sqlite:{data}/keydesk.db\r"), "KEYDESK_DATABASE ends with a carriage return"),
        ("KEYDESK_DATABASE", format!("sqlite:{data}/keydesk.db?mode=rw"), "has no options"),
        ("KEYDESK_DATABASE", "postgres://k:hunter2@db/k\r".to_owned(), "KEYDESK_DATABASE ends with a carriage return"),
        ("KEYDESK_CONFIG", format!("{file}\r"), "KEYDESK_CONFIG ends with a carriage return"),
        ("KEYDESK_CONFIG", file.clone(), "data_dir in the file that --config names ends with a blank"),
        ("KEYDESK_KEYRING_FILE", format!("{data}\t"), "KEYDESK_KEYRING_FILE ends with the invisible character U+0009"),
        ("KEYDESK_INSTALLATION", "default\n".to_owned(), "KEYDESK_INSTALLATION ends with a line end"),
        (
            "KEYDESK_KEY_PREFIX",
            "\u{feff}ccc".to_owned(),
            "KEYDESK_KEY_PREFIX begins with the invisible character U+FEFF",
        ),
        ("KEYDESK_PUBLIC_URL", "https://desk.example\r".to_owned(), "KEYDESK_PUBLIC_URL ends with a carriage return"),
        ("KEYDESK_PUBLIC_URL", " https://desk.example".to_owned(), "KEYDESK_PUBLIC_URL begins with a blank"),
        ("KEYDESK_LISTEN", " 127.0.0.1:0".to_owned(), "KEYDESK_LISTEN begins with a blank"),
        ("KEYDESK_LOG_LEVEL", "warn\u{1b}[2J".to_owned(), "KEYDESK_LOG_LEVEL has the invisible character U+001B in it"),
        ("KEYDESK_DATA_DIR", format!("{data}\u{202e}"), "KEYDESK_DATA_DIR ends with the invisible character U+202E"),
        (
            "KEYDESK_KEYRING",
            "\r".to_owned(),
            "KEYDESK_KEYRING can't be used: the keyring needs a pepper and a master key",
        ),
        ("KEYDESK_KEYRING", "\u{feff}pepper".to_owned(), "KEYDESK_KEYRING has the invisible character U+FEFF in it"),
        ("KEYDESK_LOG_FORMAT", "xml".to_owned(), "KEYDESK_LOG_FORMAT must be one of text, json"),
    ] {
        let mut variables = vec![(name, value.as_str())];
        if name != "KEYDESK_DATA_DIR" && value != file {
            variables.push(("KEYDESK_DATA_DIR", &data));
        }
        let refused = ran(&variables, &["init"]).await;
        refused.is_refused(words);
        assert!(!refused.err.contains("hunter2"), "{}", refused.err);
    }
    for (variable, words) in [
        ("10.0.0.0/8,::1\r", "KEYDESK_TRUSTED_PROXIES ends with a carriage return"),
        ("10.0.0.0/8,nonsense", "trusted_proxies: nonsense"),
    ] {
        let serve = ["serve", "--listen", "127.0.0.1:0", "--data-dir", &data];
        ran(&[("KEYDESK_TRUSTED_PROXIES", variable)], &serve).await.is_refused(words);
    }
    ran(&[], &["init", "--data-dir", &format!("{data} ")]).await.is_refused("--data-dir ends with a blank");
    assert_eq!(names(folder.path()), before, "nothing was made");
    let misuse = ran(&[], &["key", "delete", "a\u{1b}[2Jb\r"]).await;
    assert_eq!(misuse.code, Some(2));
    assert!(!misuse.err.contains(['\u{1b}', '\r']), "{}", misuse.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_variable_is_none_and_words_are_taken_in_any_case() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data, &[]).await;
    let data = data.display().to_string();
    let file = folder.path().join("keydesk.toml");
    fs::write(&file, "log_level = \"Off\"\nlog_format = \"\"\npublic_url = \"\"\n").unwrap();
    let file = file.display().to_string();
    let every = [
        "KEYDESK_CONFIG",
        "KEYDESK_DATABASE",
        "KEYDESK_KEYRING",
        "KEYDESK_KEYRING_FILE",
        "KEYDESK_INSTALLATION",
        "KEYDESK_KEY_PREFIX",
        "KEYDESK_PUBLIC_URL",
        "KEYDESK_LOG_FORMAT",
        "KEYDESK_LOG_LEVEL",
        "KEYDESK_LISTEN",
        "KEYDESK_OPS_LISTEN",
        "KEYDESK_GRPC_LISTEN",
        "KEYDESK_SPOE_LISTEN",
        "KEYDESK_LIMITS",
        "KEYDESK_TRUSTED_PROXIES",
    ];
    let empty = every.map(|name| (name, ""));
    for (variables, more) in [
        (&empty[..], &[][..]),
        (&[("KEYDESK_LOG_LEVEL", "WARN"), ("KEYDESK_LOG_FORMAT", "Json")], &[]),
        (&[("KEYDESK_TRUSTED_PROXIES", "10.0.0.0/8, ::1 ")], &[]),
        (&[], &["--log-level", "ERROR", "--log-format", ""]),
        (&[("KEYDESK_CONFIG", &file)], &[]),
    ] {
        let done = ran(variables, &[&["doctor", "--data-dir", &data], more].concat()).await;
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{variables:?} {more:?} {}", done.out);
    }
    let capitals =
        ran(&[("KEYDESK_DATABASE", &format!("SQLITE:{data}/keydesk.db"))], &["key", "list", "--data-dir", &data]).await;
    assert_eq!((capitals.code, capitals.err.as_str()), (Some(0), ""), "the case of a scheme means nothing");
    // The data directory's own: none means the default, in the folder that the command is run in.
    let nowhere = ran(&[("KEYDESK_DATA_DIR", "")], &["key", "list"]).await;
    nowhere.is_refused("there is no deployment at data/keydesk.db");
}
