//! The day that it is, since exceptions end on one: in UTC, whatever the time zone.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::text::calendar::Date;

/// Today, or the day that `SOURCE_DATE_EPOCH` names.
pub fn today() -> Result<Date, String> {
    let day = u64::try_from(now()?).ok().and_then(Date::of_epoch);
    day.ok_or_else(|| NO_TIME.to_owned())
}

/// Seconds since 1970, or what `SOURCE_DATE_EPOCH` says: then a run can be repeated
/// (<https://reproducible-builds.org/specs/source-date-epoch/>).
pub fn now() -> Result<i64, String> {
    let seconds = match std::env::var_os("SOURCE_DATE_EPOCH").filter(|value| !value.is_empty()) {
        Some(value) => value.to_str().and_then(|text| text.parse().ok()),
        None => SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|passed| passed.as_secs()),
    };
    seconds.and_then(|seconds: u64| i64::try_from(seconds).ok()).ok_or_else(|| NO_TIME.to_owned())
}

const NO_TIME: &str = "SOURCE_DATE_EPOCH is no number of seconds since 1970";
