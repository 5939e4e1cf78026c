//! Where the settings are: the file that is named, or the first that is found.

use std::fs;
use std::path::{Path, PathBuf};

use super::Global;
use super::exit::Failure;
use crate::config::{CommonSettings, Config, ConfigErrors, Outside, SourceSettings, parse, parse_common};
use crate::publish::{Resolve, SecretSource};

const FILE: &str = "keytide.toml";

/// The settings' file: the flag, else the environment (both through clap), else that of the working folder, else that
/// of the platform's folder for settings.
pub(super) fn settings_file(global: &Global) -> Option<PathBuf> {
    let found = || {
        let in_platform = dirs::config_dir().map(|dir| dir.join("keytide").join(FILE));
        [Some(PathBuf::from(FILE)), in_platform].into_iter().flatten().find(|path| path.is_file())
    };
    global.config.clone().or_else(found)
}

/// The settings of the file and the environment, their paths as the process reaches them.
///
/// # Errors
/// The file can't be read, or settings are wrong: all of them are said.
pub(super) fn settings(global: &Global) -> Result<Config, Failure> {
    read_settings(global, &SecretSource::read)
}

/// As [`settings`], for a command that sends nothing: secrets need not be there.
pub(super) fn settings_without_secrets(global: &Global) -> Result<Config, Failure> {
    read_settings(global, Outside::NOTHING.resolve)
}

fn read_settings(global: &Global, resolve: Resolve<'_>) -> Result<Config, Failure> {
    let file = settings_file(global);
    let text = file.as_deref().map(text_of).transpose()?.unwrap_or_default();
    let name = file.as_deref().map_or(FILE.to_owned(), |path| path.display().to_string());
    let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let variables = variables.map(|(name, value)| (name, value.to_string_lossy().into_owned()));
    let folder = file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let read = |path: &Path| {
        let path = folder.join(path);
        fs::read_to_string(&path).map_err(|error| format!("{} can't be read: {error}", path.display()))
    };
    let outside = Outside { variables: &variables.collect::<Vec<_>>(), read: &read, resolve };
    let mut config = parse(&text, &name, &outside).map_err(|errors| wrong(&errors))?;
    config.data_dir = config.data_dir.map(|dir| folder.join(dir));
    for SourceSettings::Folder { path } in &mut config.sources {
        *path = folder.join(&path);
    }
    Ok(config)
}

/// What every command takes of the settings' file, the folder as the process reaches it. Flags and variables win: the
/// folder is not looked at if one names it, nor the time zone if `has_zone`.
///
/// # Errors
/// The file can't be read, or what every command takes is wrong: nobody's counts shall go to another store for a
/// mistyped line. What is wrong within sections is the matter of the commands that use them.
pub(super) fn common_settings(global: &Global, has_zone: bool) -> Result<CommonSettings, Failure> {
    let Some(file) = settings_file(global) else { return Ok(CommonSettings::default()) };
    let text = text_of(&file)?;
    let given = [("data_dir", global.data_dir.is_some()), ("timezone", has_zone)];
    let replaced: Vec<&str> = given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect();
    let common = parse_common(&text, &file.display().to_string(), &replaced).map_err(|errors| wrong(&errors))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    Ok(CommonSettings { data_dir: common.data_dir.map(|dir| folder.join(dir)), ..common })
}

fn wrong(errors: &ConfigErrors) -> Failure {
    Failure::new(format!("settings are wrong\n{errors}"), None)
}

fn text_of(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| {
        let hint = "name another with --config, or leave it out: every setting has a default";
        Failure::new(format!("the settings {} can't be read: {error}", path.display()), Some(hint))
    })
}
