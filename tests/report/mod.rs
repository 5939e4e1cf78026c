//! What explains an excess and what is reported, against the truth of synthetic trails.

mod attribution;
