//! Keytide.
