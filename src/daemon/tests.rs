//! The daemon without its surroundings: files, health, tasks.
