//! The watch over a store: what it keeps, through crashes, damage and late counts.

mod kept;
mod rounds;
