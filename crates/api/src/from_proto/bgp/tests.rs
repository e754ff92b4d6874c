use novaroute_core::intent::{Change, Intent};

use crate::{
    from_proto::testing::{fields_at_fault, parsed},
    v1::ConfigureBgpRequest,
};

fn request(local_as: u32, router_id: &str) -> ConfigureBgpRequest {
    ConfigureBgpRequest { local_as, router_id: router_id.into(), ..Default::default() }
}

#[test]
fn an_instance_has_an_as_and_a_router_id() {
    let Change::Put(Intent::Bgp(instance)) = parsed(&request(u32::MAX, "10.0.0.1")) else { panic!("not an instance") };
    assert_eq!((instance.local_as.get(), instance.router_id.to_string()), (u32::MAX, "10.0.0.1".into()));
}

#[test]
fn both_fields_are_reported_at_once() {
    assert_eq!(fields_at_fault(&request(0, "")), ["local_as", "router_id"]);
}

#[test]
fn router_ids_that_name_no_router_are_refused() {
    for bad in ["0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "10.0.0", "10.0.0.1 "] {
        assert_eq!(fields_at_fault(&request(1, bad)), ["router_id"], "{bad:?}");
    }
}
