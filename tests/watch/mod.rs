//! The watch over a store: what it keeps, through crashes, damage and late counts; configured alarms from records to
//! messages.

mod conditions;
mod kept;
mod late;
mod maintenance;
mod replayed;
mod rounds;
