//! What the services keep: in memory or, where several programs serve together, in a file that they
//! share, under a lock.

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use magicbutton::Fault;
use serde::{Serialize, de::DeserializeOwned};

pub enum Store<T> {
    Memory(Mutex<T>),
    /// A file, and what it begins with.
    File(PathBuf, T),
}

impl<T: Clone + Serialize + DeserializeOwned> Store<T> {
    /// In memory, or in this file.
    pub fn new(file: Option<PathBuf>, start: T) -> Self {
        match file {
            None => Self::Memory(Mutex::new(start)),
            Some(path) => Self::File(path, start),
        }
    }

    /// Looks at what is kept, and changes it, while nobody else does.
    pub fn change<R>(&self, work: impl FnOnce(&mut T) -> R) -> Result<R, Fault> {
        match self {
            Self::Memory(kept) => {
                Ok(work(&mut kept.lock().unwrap_or_else(PoisonError::into_inner)))
            }
            // Short, and of an example: elsewhere this is a database.
            Self::File(path, start) => in_file(path, start.clone(), work).map_err(Fault::internal),
        }
    }
}

fn in_file<T: Serialize + DeserializeOwned, R>(
    path: &PathBuf,
    start: T,
    work: impl FnOnce(&mut T) -> R,
) -> io::Result<R> {
    let mut file =
        File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    file.lock()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let mut kept = if text.is_empty() { start } else { serde_json::from_str(&text)? };
    let done = work(&mut kept);
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(&serde_json::to_vec(&kept)?)?;
    Ok(done)
}
