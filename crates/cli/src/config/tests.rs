use super::*;

fn with_file(text: &str, common: CommonFlags, serve: ServeFlags) -> Result<Settings, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keydesk.toml");
    fs::write(&path, text).unwrap();
    Settings::resolve(CommonFlags { config: Some(path), ..common }, serve, None, &FromVariables::default())
        .map_err(|error| error.to_string().replace(&folder.path().display().to_string(), ""))
}

#[test]
fn a_flag_goes_before_the_file_and_the_file_before_the_default() {
    let file = "listen = \"0.0.0.0:1\"\nops_listen = \"0.0.0.0:2\"\ndata_dir = \"/srv\"\nlog_format = \"json\"\n";
    let common = CommonFlags { listen: Some("127.0.0.1:9".to_owned()), ..CommonFlags::default() };
    let flags = ServeFlags { ops_listen: Some(String::new()), ..ServeFlags::default() };
    let settings = with_file(file, common, flags).ok().unwrap();
    assert_eq!(settings.listen(), "127.0.0.1:9");
    assert_eq!(settings.ops_listen.as_deref(), Some("0.0.0.0:2"));
    assert_eq!(settings.database, "sqlite:/srv/keydesk.db");
    assert_eq!(settings.log_format, LogFormat::Json);
    assert_eq!(settings.installation, "default");
}

#[test]
fn what_is_empty_in_the_file_is_not_given_and_words_are_taken_in_any_case() {
    let settings = |file: &str| with_file(file, CommonFlags::default(), ServeFlags::default());
    let file = "trusted_proxies = \"\"\ndatabase = \"SQLite:a/B.db\"\n[authz]\ninstallation = \"\"\nenvironment = \"\"\n\
                [grpc]\nenvironment = \"TEST\"\n[[routes]]\nmethod = \"GET\"\npath = \"/a\"\nscope = []\naliases = \"Fold\"\n\
                environment = \"Any\"\n[[routes]]\nmethod = \"PUT\"\npath = \"/a\"\nscope = []\naliases = \"\"\nenvironment = \"\"\n";
    let read = settings(file).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read.database, "sqlite:a/B.db");
    assert!(read.gateway.trusted_proxies.is_empty());
    assert_eq!(read.authz, ListenerEntry::default());
    assert_eq!(read.grpc.environment, model::AcceptedEnvironment::Test);
    let two = settings("trusted_proxies = \"10.0.0.0/8, ::1\"\n").ok().unwrap();
    assert!(!two.gateway.trusted_proxies.is_empty());
    for (file, expected) in [
        ("[authz]\ninstallation = \"default\\r\"\n", "authz.installation in the file that --config names ends with a"),
        (
            "[spoe]\ninstallation = \"a\\u202eb\"\n",
            "spoe.installation in the file that --config names has the invisible",
        ),
        ("[authz]\nenvironment = \"prod\"\n", "/keydesk.toml, line 2: unknown variant `prod`, expected one of"),
        ("trusted_proxies = 5\n", "/keydesk.toml, line 1: networks are a list such as"),
    ] {
        let error = settings(file).err().unwrap();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_file_of_another_encoding_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keydesk.toml");
    let wide: Vec<_> = "\u{feff}installation = \"a\"".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(&path, wide).unwrap();
    let refused = File::read(&path).err().unwrap().to_string();
    assert_eq!(refused, format!("{} is not UTF-8 text; save it as UTF-8.", path.display()));
    fs::write(&path, "\u{feff}installation = \"a\"\n").unwrap();
    assert_eq!(File::read(&path).ok().unwrap().installation.as_deref(), Some("a"));
}

#[test]
fn scopes_are_added_by_name() {
    let settings = |file: &str| with_file(file, CommonFlags::default(), ServeFlags::default());
    let good = "[[scopes]]\nname = \"billing:read\"\ndescription = \"Read bills\"\n";
    let catalogue = settings(good).ok().unwrap().catalogue;
    assert_eq!(catalogue.iter().last(), Some(("billing:read", "Read bills")));
    for (file, expected) in [
        (format!("{good}{good}"), "the scope billing:read is given twice"),
        (good.replace("billing", "keys"), "the scope keys:read is given twice, or is one of Keydesk's own"),
        (good.replace("name", "nme"), "/keydesk.toml, line 2: unknown field `nme`"),
        (good.replace("billing:read", "Billing"), "/keydesk.toml, line 2: a scope is `resource:action`"),
    ] {
        let error = settings(&file).err().unwrap();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_public_address_is_https_and_a_host() {
    for good in ["https://keydesk.example.com", "https://keydesk.example.com:8443/", "https://[2001:db8::1]"] {
        assert_eq!(PublicUrl::parse(good).ok().map(|url| url.0).as_deref(), Some(good.trim_end_matches('/')));
    }
    assert_eq!(PublicUrl::parse("HTTPS://Desk.example").ok().map(|url| url.0).as_deref(), Some("https://desk.example"));
    for bad in ["", "keydesk.example.com", "http://keydesk.example.com", "https://", "https://a/b", "https://u@a"] {
        assert!(PublicUrl::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn settings_of_proxies_are_checked_at_the_start() {
    let route = |method: &str, path: &str, scope: &str| {
        format!("[[routes]]\nmethod = {method}\npath = \"{path}\"\nscope = {scope}\n")
    };
    let two = route("\"GET\"", "/a/{x}", "\"a:b\"") + &route("[\"PUT\", \"GET\"]", "/a/{y}", "[]");
    for (file, expected) in [
        (two, "routes GET /a/{x} and GET /a/{y} match the same calls; keep one of them"),
        (
            route("\"get\"", "/a", "[]"),
            "route get /a: a method is written in capitals, for example GET, or is * for any",
        ),
        (
            route("[\"GET\", \"post\"]", "/a", "[]"),
            "route post /a: a method is written in capitals, for example GET, or is * for any",
        ),
        (route("[]", "/a", "[]"), "route /a: no method is named; name each that the path knows, or * for any"),
        (route("\"GET\"", "/a/../b", "[]"), "route GET /a/../b: a path has no . or .. for a segment"),
        (route("\"GET\"", "/a", "\"nonsense\""), "/keydesk.toml, line "),
        ("trusted_proxies = [\"10.0.0.1/8\"]".to_owned(), "trusted_proxies: 10.0.0.1/8 has bits set beyond its prefix"),
    ] {
        let error = with_file(&file, CommonFlags::default(), ServeFlags::default()).err().unwrap();
        assert!(error.starts_with(expected), "{error}");
    }
    let trusting = ServeFlags { trusted_proxies: vec!["10.0.0.0/8".to_owned()], ..ServeFlags::default() };
    let good = route("\"GET\"", "/a", "[]") + "[[routes]]\nmethod = \"*\"\npath = \"/a\"\nscope = \"a:b\"\n";
    assert!(with_file(&good, CommonFlags::default(), trusting).is_ok());
}

#[test]
fn a_wrong_file_is_refused_with_its_line_and_without_its_content() {
    for (file, expected) in [
        ("listen = \"a\"\n\nlisen = \"b\"\n", "/keydesk.toml, line 3: unknown field `lisen`"),
        ("database = \"postgres://u:hunter2@h/d\"\nlisten = 5\n", "/keydesk.toml, line 2: invalid type: integer `5`"),
        ("database = \"postgres://u:hunter2@h/d\n", "/keydesk.toml, line 1: "),
    ] {
        let error = with_file(file, CommonFlags::default(), ServeFlags::default()).err().unwrap();
        assert!(error.starts_with(expected), "{error}");
        assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
    }
}

#[test]
fn whoever_starts_the_contact_centre_has_its_routes_unless_the_file_has_others() {
    let routes = |file: &str, sandbox: bool| {
        let flags = ServeFlags { sandbox, ..ServeFlags::default() };
        let settings = with_file(file, CommonFlags::default(), flags).ok().unwrap();
        (settings.sandbox.is_some(), settings.gateway.routes.iter().count())
    };
    let (started, built_in) = routes("", true);
    assert!(started && built_in > 50, "{built_in}");
    assert_eq!(routes("[sandbox]\nenabled = true\n", false), (true, built_in));
    assert_eq!(routes("", false), (false, 0));
    let own = "[[routes]]\nmethod = \"GET\"\npath = \"/a\"\nscope = []\n";
    assert_eq!(routes(own, true), (true, 1));
    let refused = with_file("[sandbox]\nregion = \"XX\"\n", CommonFlags::default(), ServeFlags::default());
    assert!(refused.is_ok(), "what is not started is not asked");
    let flags = ServeFlags { sandbox: true, ..ServeFlags::default() };
    let refused = with_file("[sandbox]\nregion = \"XX\"\n", CommonFlags::default(), flags).err().unwrap();
    assert!(refused.starts_with("[sandbox] region: XX is not a region"), "{refused}");
}

#[test]
fn mail_and_single_sign_on_are_off_until_they_are_configured() {
    let settings = |file: &str| with_file(file, CommonFlags::default(), ServeFlags::default());
    let none = settings("").ok().unwrap();
    assert!(none.mail.is_none() && none.sign_on.is_none());
    let file = "installation = \"acme\"\npublic_url = \"https://desk.example.com\"\n[mail]\nsmtp_url = \"smtp://localhost\"\n\
                [oidc]\nissuer = \"https://id.example.com\"\nclient_id = \"keydesk\"\nroles = { desk = \"owner\" }\n";
    let both = settings(file).ok().unwrap();
    assert_eq!(both.mail.unwrap().from, "Keydesk <keydesk@desk.example.com>");
    assert_eq!(both.sign_on.unwrap().installation, "acme");
    let misspelt = settings("[oidc]\nrole = \"x\"\n").err().unwrap();
    assert!(misspelt.starts_with("/keydesk.toml, line 2: unknown field `role`"), "{misspelt}");
}

#[test]
fn the_configuration_of_every_release_is_read() {
    let releases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../upgrade");
    let folders = fs::read_dir(releases).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut read = 0;
    for folder in folders {
        let text = fs::read_to_string(folder.join("keydesk.toml")).unwrap();
        let settings = with_file(&text, CommonFlags::default(), ServeFlags::default());
        let settings = settings.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        assert_eq!(settings.database, "sqlite:data/keydesk.db");
        assert_eq!(settings.public_url(), Some("https://keydesk.example.com"));
        read += 1;
    }
    assert!(read > 0);
}

#[test]
fn routes_stand_in_the_configuration_or_in_a_file_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let routes = folder.path().join("routes.toml");
    let named = format!("routes_file = \"{}\"\n", routes.display());
    let own = "[[routes]]\nmethod = \"GET\"\npath = \"/a\"\nscope = []\n";
    let settings = |file: &str| with_file(file, CommonFlags::default(), ServeFlags::default());
    let none = settings(&named).ok().unwrap();
    assert_eq!((none.gateway.routes.iter().count(), none.missing_routes_file()), (0, Some(routes.as_path())));
    fs::write(&routes, own).unwrap();
    let read = settings(&named).ok().unwrap();
    assert_eq!((read.gateway.routes.iter().count(), read.missing_routes_file()), (1, None));
    let both = settings(&format!("{named}{own}")).err().unwrap();
    assert!(both.starts_with("routes and routes_file are both given"), "{both}");
    fs::write(&routes, format!("{own}cots = 1\n")).unwrap();
    let refused = settings(&named).err().unwrap();
    assert!(refused.contains("routes.toml, line 5: unknown field `cots`"), "{refused}");
    fs::write(&routes, "listen = \"a\"\n").unwrap();
    assert!(settings(&named).err().unwrap().contains("unknown field `listen`"));
}
