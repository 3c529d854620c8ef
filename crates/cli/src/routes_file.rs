//! The file that `keydesk apply` writes routes into, and that a node reads when it starts.
//!
//! Routes are no rows of the database: they say what stands open, together with the upstreams and listeners of the configuration
//! beside them, and are checked with those before a node listens. Whoever can write the database can open no API.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use domain::RouteLines;
use gate::config::{self, InvalidGateway, Routes};
use model::{Aliases, Bearers, Route, RouteTable};
use serde::Deserialize;
use toml::Value;

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoutesDocument {
    #[serde(default)]
    pub(crate) routes: Routes,
}

/// What the file begins with.
const HEAD: &str =
    "# Written by `keydesk apply`, which writes it anew: change the file that is applied, not this one.\n";

/// Routes that a file to be applied says.
pub(crate) struct WantedRoutes {
    pub(crate) table: RouteTable,
    /// As the file for routes will have them.
    pub(crate) text: String,
}

impl WantedRoutes {
    /// Reads `routes` as the configuration would.
    pub(crate) fn read(value: Value) -> Result<Self, String> {
        let written = text(&value)?;
        let routes: Routes = value.try_into().map_err(|error: toml::de::Error| error.message().to_owned())?;
        let table = table(routes)?;
        // What is written is what was checked.
        let again: RoutesDocument = toml::from_str(&written).map_err(|error| error.message().to_owned())?;
        if lines(&self::table(again.routes)?) != lines(&table) {
            return Err("they can't be written so that they are read as the same".to_owned());
        }
        Ok(Self { table, text: written })
    }

    /// No routes.
    pub(crate) fn none() -> Self {
        Self { table: RouteTable::default(), text: HEAD.to_owned() }
    }
}

fn table(routes: Routes) -> Result<RouteTable, String> {
    config::route_table(routes).map_err(|error: InvalidGateway| error.to_string())
}

/// The routes that the configuration has, as they are compared.
pub(crate) fn lines_of(routes: Routes) -> Result<RouteLines, String> {
    Ok(lines(&table(routes)?))
}

/// Routes as they are compared: what each asks for, and all in which it is not as usual.
pub(crate) fn lines(table: &RouteTable) -> RouteLines {
    table.iter().map(|route| (route.to_string(), asks(route))).collect()
}

fn asks(route: &Route) -> String {
    let scopes: Vec<&str> = route.scopes().iter().map(model::Scope::as_str).collect();
    let mut said = vec![if scopes.is_empty() { "any valid key".to_owned() } else { scopes.join(" ") }];
    if let Some(environment) = route.environment() {
        said.push(format!("{environment:?} keys").to_lowercase());
    }
    match route.aliases() {
        Aliases::Refuse => {}
        Aliases::Fold => said.push("aliases folded".to_owned()),
        Aliases::Distinct => said.push("aliases distinct".to_owned()),
    }
    if route.cost() != 1 {
        said.push(format!("cost {}", route.cost()));
    }
    if let Some(upstream) = route.upstream() {
        said.push(format!("to {upstream}"));
    }
    let marks = [
        (!route.is_retried(), "never sent again"),
        (route.is_recording(), "recordings"),
        (route.is_stream(), "streams"),
        (route.bearers() == Bearers::KeysAlone, "no tokens"),
    ];
    said.extend(marks.into_iter().filter(|(holds, _)| *holds).map(|(_, words)| words.to_owned()));
    said.join(", ")
}

/// The text of a file with these routes.
fn text(routes: &Value) -> Result<String, String> {
    let mut text = HEAD.to_owned();
    match routes {
        Value::Array(list) => {
            for route in list {
                let Value::Table(route) = route else { return Err("a route is a table".to_owned()) };
                text.push_str("\n[[routes]]\n");
                for (name, value) in route {
                    text.push_str(&format!("{} = {}\n", quoted(name), written(value)?));
                }
            }
        }
        other => text.push_str(&format!("routes = {}\n", written(other)?)),
    }
    Ok(text)
}

fn written(value: &Value) -> Result<String, String> {
    Ok(match value {
        Value::String(text) => quoted(text),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(holds) => holds.to_string(),
        Value::Array(items) => {
            let items = items.iter().map(written).collect::<Result<Vec<_>, _>>()?;
            format!("[{}]", items.join(", "))
        }
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => {
            return Err("a route has texts, whole numbers, true and false, and lists of texts".to_owned());
        }
    })
}

/// A text between quotation marks, as JSON has it, which TOML reads as the same.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text that was written beside the file, and takes its place when everything else is done. Dropped before, it is removed.
pub(crate) struct Aside {
    path: PathBuf,
    aside: PathBuf,
    is_placed: bool,
}

impl Aside {
    /// Writes a text beside the file. Others may read routes: the server perhaps runs as another user.
    pub(crate) fn write(path: &Path, text: &str) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
        let aside = path.with_file_name(format!(".{name}.{}", std::process::id()));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&aside)?;
        let written = Self { path: path.to_owned(), aside, is_placed: false };
        file.write_all(text.as_bytes())?;
        let permissions = match fs::metadata(path) {
            Ok(before) => before.permissions(),
            // Whatever the mask of this process.
            Err(_) => fs::Permissions::from_mode(0o644),
        };
        file.set_permissions(permissions)?;
        file.sync_all()?;
        Ok(written)
    }

    /// Puts it in its place.
    pub(crate) fn place(mut self) -> io::Result<()> {
        fs::rename(&self.aside, &self.path)?;
        self.is_placed = true;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if !self.is_placed {
            let _ = fs::remove_file(&self.aside);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<WantedRoutes, String> {
        let mut table: toml::Table = toml::from_str(text).unwrap();
        WantedRoutes::read(table.remove("routes").unwrap())
    }

    #[test]
    fn what_is_written_reads_as_the_same_routes() {
        let own = "[[routes]]\nmethod = [\"GET\", \"POST\"]\npath = \"/v1/calls/{id}\"\nscope = \"calls:read\"\ncost = 3\n\
                   retry = false\nstream = true\n[[routes]]\nmethod = \"*\"\npath = \"/open\"\nscope = []\nenvironment = \"any\"\n";
        let wanted = read(own).unwrap_or_else(|error| panic!("{error}"));
        let lines = lines(&wanted.table);
        assert_eq!(lines["GET /v1/calls/{id}"], "calls:read, cost 3, never sent again, streams");
        assert_eq!(lines["* /open"], "any valid key, any keys");
        assert_eq!(lines.len(), 3);
        assert!(wanted.text.starts_with("# Written by"), "{}", wanted.text);
        let built_in = read("routes = \"contact-centre\"\n").ok().unwrap();
        assert!(built_in.table.iter().count() > 50 && built_in.text.ends_with("routes = \"contact-centre\"\n"));
        assert!(WantedRoutes::none().table.is_empty());
    }

    #[test]
    fn routes_are_refused_as_the_configuration_refuses_them() {
        for (text, words) in [
            ("routes = \"call-centre\"\n", "invalid value"),
            ("[[routes]]\nmethod = \"GET\"\npath = \"a\"\nscope = []\n", "begins with a slash"),
            ("[[routes]]\nmethod = \"GET\"\npath = \"/a\"\nscope = []\ncots = 2\n", "unknown field `cots`"),
            ("[[routes]]\nmethod = \"GET\"\npath = \"/a\"\nscope = []\ncost = 1.5\n", "whole numbers"),
        ] {
            let refused = read(text).err().unwrap();
            assert!(refused.contains(words), "{refused}");
        }
    }

    #[test]
    fn a_file_takes_its_place_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("routes.toml");
        drop(Aside::write(&path, "a").unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        Aside::write(&path, "b").unwrap().place().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "b");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
