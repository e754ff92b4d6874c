//! Communities as the others write them.

use super::report::{Report, Spot};

/// A standard community (RFC 1997), such as `65000:100`.
pub(super) fn standard(text: &str) -> Option<String> {
    let (high, low) = text.split_once(':')?;
    Some(format!("{}:{}", high.parse::<u16>().ok()?, low.parse::<u16>().ok()?))
}

/// Tells that a community cannot be had, and what that means.
pub(super) fn told(at: &Spot, value: &str, report: &mut Report) {
    let text = if value.starts_with("large:") {
        "is not announced: there are no large communities; write a NovaRouteAdvertisement with a standard one, and have \
         the routers know it"
    } else {
        "is not announced: this is no community, and no Community in the input has such an alias; give it as well"
    };
    report.left_out(at, value, text);
}
