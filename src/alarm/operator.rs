//! CloudWatch's comparison operators.

use std::fmt;

/// How a value compares with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `>`
    GreaterThanThreshold,
    /// `>=`
    GreaterThanOrEqualToThreshold,
    /// `<`
    LessThanThreshold,
    /// `<=`
    LessThanOrEqualToThreshold,
}

impl Operator {
    /// All of them.
    pub const ALL: [Operator; 4] = [
        Operator::GreaterThanThreshold,
        Operator::GreaterThanOrEqualToThreshold,
        Operator::LessThanThreshold,
        Operator::LessThanOrEqualToThreshold,
    ];

    /// Whether the value is bad.
    pub fn is_breach(self, value: f64, threshold: f64) -> bool {
        match self {
            Operator::GreaterThanThreshold => value > threshold,
            Operator::GreaterThanOrEqualToThreshold => value >= threshold,
            Operator::LessThanThreshold => value < threshold,
            Operator::LessThanOrEqualToThreshold => value <= threshold,
        }
    }

    /// CloudWatch's name.
    pub const fn name(self) -> &'static str {
        match self {
            Operator::GreaterThanThreshold => "GreaterThanThreshold",
            Operator::GreaterThanOrEqualToThreshold => "GreaterThanOrEqualToThreshold",
            Operator::LessThanThreshold => "LessThanThreshold",
            Operator::LessThanOrEqualToThreshold => "LessThanOrEqualToThreshold",
        }
    }

    /// The operator of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.name() == name)
    }

    /// As in a reason: `greater than or equal to`.
    pub const fn words(self) -> &'static str {
        match self {
            Operator::GreaterThanThreshold => "greater than",
            Operator::GreaterThanOrEqualToThreshold => "greater than or equal to",
            Operator::LessThanThreshold => "less than",
            Operator::LessThanOrEqualToThreshold => "less than or equal to",
        }
    }
}

/// Which edges of a band count. A value on an edge is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BandOperator {
    /// Both.
    LessThanLowerOrGreaterThanUpperThreshold,
    /// The upper one.
    GreaterThanUpperThreshold,
    /// The lower one.
    LessThanLowerThreshold,
}

impl BandOperator {
    /// All of them.
    pub const ALL: [BandOperator; 3] = [
        BandOperator::LessThanLowerOrGreaterThanUpperThreshold,
        BandOperator::GreaterThanUpperThreshold,
        BandOperator::LessThanLowerThreshold,
    ];

    /// Whether the value is bad.
    pub fn is_breach(self, value: f64, lower: f64, upper: f64) -> bool {
        match self {
            BandOperator::LessThanLowerOrGreaterThanUpperThreshold => value < lower || value > upper,
            BandOperator::GreaterThanUpperThreshold => value > upper,
            BandOperator::LessThanLowerThreshold => value < lower,
        }
    }

    /// CloudWatch's name.
    pub const fn name(self) -> &'static str {
        match self {
            BandOperator::LessThanLowerOrGreaterThanUpperThreshold => "LessThanLowerOrGreaterThanUpperThreshold",
            BandOperator::GreaterThanUpperThreshold => "GreaterThanUpperThreshold",
            BandOperator::LessThanLowerThreshold => "LessThanLowerThreshold",
        }
    }

    /// The operator of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.name() == name)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for BandOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
