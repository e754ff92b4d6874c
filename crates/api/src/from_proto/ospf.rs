//! OSPF interfaces.

mod settings;

use std::num::NonZeroU16;

use novaroute_core::{
    intent::{Change, Intent, IntentKey, Target},
    invalid::Invalid,
    ospf::{OspfInterface, OspfTimers},
};

use super::{Fields, Refused, both, request};

/// Cost of an interface for which none is given.
const COST_DEFAULT: NonZeroU16 = NonZeroU16::new(10).unwrap();

request!(EnableOspfRequest, |fields, message| {
    let interface = fields.take("interface_name", message.interface_name.parse());
    let area = fields.take("area_id", message.area_id.parse());
    let cost = fields.take("cost", up_to_u16(message.cost, "a cost from 1 to 65535"));
    let timers = timers(fields, message.hello_interval, message.dead_interval);
    let settings = settings::parse(fields, message, area.ok());
    Ok(Change::Put(Intent::Ospf(OspfInterface {
        interface: interface?,
        area: area?,
        passive: message.passive,
        cost: NonZeroU16::new(cost?).unwrap_or(COST_DEFAULT),
        timers: timers?,
        settings: settings?,
    })))
});

request!(DisableOspfRequest, |fields, message| {
    let interface = fields.take("interface_name", message.interface_name.parse())?;
    Ok(Change::Remove(Target::Key(IntentKey::Ospf(interface))))
});

fn timers(fields: &mut Fields, hello: u32, dead: u32) -> Result<OspfTimers, Refused> {
    let default = OspfTimers::default();
    let hello = fields.take("hello_interval", up_to_u16(hello, "a hello interval from 1 to 65535 s"));
    let dead = fields.take("dead_interval", up_to_u16(dead, "a dead interval from 1 to 65535 s"));
    let (hello, dead) = both(hello, dead)?;
    let hello = if hello == 0 { default.hello_s() } else { hello };
    if dead == 0 && hello > default.dead_s() {
        let standard = default.dead_s();
        let text = format!("is not set, and its default of {standard} s is below hello_interval ({hello} s): set it");
        return Err(fields.refuse("dead_interval", text));
    }
    let dead = if dead == 0 { default.dead_s() } else { dead };
    fields.take("dead_interval", OspfTimers::new(hello, dead))
}

fn up_to_u16(value: u32, expected: &str) -> Result<u16, Invalid> {
    u16::try_from(value).map_err(|_| Invalid::number(value, expected))
}

#[cfg(test)]
mod tests;
