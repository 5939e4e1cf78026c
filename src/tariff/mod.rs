//! What requests cost, and how many a second are allowed.
//!
//! What enters is a request's quota pool, its Region and who pays; what leaves is a price or a quota with a word on
//! where the figure is from. Both lists are dated data files (`assets/prices.toml`, `assets/quotas.toml`), which an
//! operator can replace or mend. The room refuses to know how many requests there were, and never asks AWS.

mod prices;
mod quotas;
mod settings;

pub use prices::{Price, PriceList, usual_pool};
pub use quotas::{Quota, QuotaList, QuotaOrigin};
pub use settings::{PriceTable, QuotaTable, wrong_pool};

#[cfg(test)]
mod tests;
