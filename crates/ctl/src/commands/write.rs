//! The commands that change something: one request each.

use std::path::PathBuf;

use novaroute_api::v1;
use prost_reflect::DynamicMessage;

use super::wait;
use crate::{
    agent::Agent,
    cli::{
        AdvertiseArgs, ApplyPeerArgs, DisableBfdArgs, DrainArgs, DrainedArgs, EnableBfdArgs, EnableOspfArgs, Global,
        WithdrawArgs, WriteCommand,
    },
    exit::Failure,
    identity::Identity,
    output::{outcome::Outcome, refusal::Refusal, screen::Screen},
    request::Request,
    secret::Secret,
};

/// Sends the request of `command` and says what became of it.
pub(super) async fn run(global: &Global, command: WriteCommand, screen: Screen) -> Result<(), Failure> {
    let (owner, token) = Identity::resolve(global)?.required()?;
    let mut request = request(command, owner, token)?;
    if let Some(wait) = wait::asked(global) {
        request.set_wait(wait);
    }
    if global.dry_run {
        request.set_dry_run();
    }
    let answer = wait::shown(global, &request.title(), send(global, request.clone())).await;
    let outcome = Outcome::new(&request, answer);
    match (screen.format.data(), outcome.failure()) {
        (Some(format), None) => screen.write(&format.document(&outcome)?),
        (Some(format), Some(refusal)) => {
            screen.write(&format.document(&outcome)?)?;
            Err(Failure::Told { unreachable: refusal.is_unreachable() })
        }
        (None, None) => screen.write(&outcome.text(screen.colour)),
        (None, Some(refusal)) => Err(Failure::Refused { what: request.title(), refusal: Box::new(refusal.clone()) }),
    }
}

async fn send(global: &Global, request: Request) -> Result<DynamicMessage, Refusal> {
    let mut agent = Agent::connect(global).await?;
    request.send(&mut agent).await.map_err(|error| error.refusal())
}

/// The request that a command stands for.
fn request(command: WriteCommand, owner: String, token: String) -> Result<Request, Failure> {
    Ok(match command {
        WriteCommand::Register { reassert: reassert_intents, lease: lease_s, instance } => {
            let request =
                v1::RegisterRequest { owner, token, reassert_intents, lease_s, instance, ..Default::default() };
            Request::Register(request)
        }
        WriteCommand::Renew { session_id } => {
            Request::Renew(v1::RenewRequest { owner, token, session_id, ..Default::default() })
        }
        WriteCommand::EndOfReplay { session_id, confirm_removals } => Request::EndOfReplay(v1::EndOfReplayRequest {
            owner,
            token,
            session_id,
            confirm_removals,
            ..Default::default()
        }),
        WriteCommand::Deregister { withdraw_all } => {
            Request::Deregister(v1::DeregisterRequest { owner, token, withdraw_all, ..Default::default() })
        }
        WriteCommand::Confirm { change: change_id } => {
            Request::Confirm(v1::ConfirmRequest { owner, token, change_id, ..Default::default() })
        }
        WriteCommand::Rollback { change: change_id } => {
            Request::Confirm(v1::ConfirmRequest { owner, token, change_id, rollback: true, ..Default::default() })
        }
        WriteCommand::Handoff => Request::Handoff(v1::HandoffRequest { owner, token, ..Default::default() }),
        WriteCommand::Drain(args) => Request::Drain(drain(args, owner, token)),
        WriteCommand::Undrain(DrainedArgs { node, of_owner }) => {
            Request::Undrain(v1::UndrainRequest { owner, token, node, of_owner, ..Default::default() })
        }
        WriteCommand::ConfigureBgp { local_as, router_id } => {
            Request::ConfigureBgp(v1::ConfigureBgpRequest { owner, token, local_as, router_id, ..Default::default() })
        }
        WriteCommand::ApplyPeer(args) => {
            Request::ApplyPeer(v1::ApplyPeerRequest { owner, token, peer: Some(peer(*args)?), ..Default::default() })
        }
        WriteCommand::RemovePeer(key) => Request::RemovePeer(key.remove(owner, token)),
        WriteCommand::Advertise(args) => Request::AdvertisePrefix(advertise(args, owner, token)),
        WriteCommand::Withdraw(WithdrawArgs { prefix, protocol }) => {
            Request::WithdrawPrefix(v1::WithdrawPrefixRequest { owner, token, prefix, protocol, ..Default::default() })
        }
        WriteCommand::EnableBfd(args) => Request::EnableBfd(enable_bfd(args, owner, token)),
        WriteCommand::DisableBfd(DisableBfdArgs { peer, interface, multihop }) => {
            Request::DisableBfd(v1::DisableBfdRequest {
                owner,
                token,
                peer_address: peer,
                interface_name: interface,
                multihop,
                ..Default::default()
            })
        }
        WriteCommand::EnableOspf(args) => Request::EnableOspf(enable_ospf(args, owner, token)?),
        WriteCommand::DisableOspf { interface: interface_name } => {
            Request::DisableOspf(v1::DisableOspfRequest { owner, token, interface_name, ..Default::default() })
        }
    })
}

/// A secret from its flag, or from the file of the other flag; empty without either.
fn secret(given: Option<Secret>, file: Option<PathBuf>) -> Result<String, Failure> {
    let secret = match (given, file) {
        (None, Some(path)) => Some(Secret::from_file(&path).map_err(Failure::Usage)?),
        (given, _) => given,
    };
    Ok(secret.map(|secret| secret.reveal().to_owned()).unwrap_or_default())
}

fn peer(args: ApplyPeerArgs) -> Result<v1::BgpPeer, Failure> {
    let password = secret(args.password, args.password_file)?;
    Ok(v1::BgpPeer {
        remote_as: args.remote_as,
        peer_type: args.peer_type.unwrap_or_default(),
        keepalive: args.keepalive,
        hold_time: args.hold_time,
        bfd_enabled: args.bfd,
        description: args.description,
        address_families: args.address_families,
        source_address: args.source_address,
        ebgp_multihop: args.ebgp_multihop,
        password,
        max_prefix: args.max_prefix,
        bfd_min_rx_ms: args.bfd_timers.bfd_min_rx,
        bfd_min_tx_ms: args.bfd_timers.bfd_min_tx,
        bfd_detect_multiplier: args.bfd_timers.bfd_detect_multiplier,
        graceful_restart: args.graceful_restart.unwrap_or_default(),
        ..args.settings.of(args.exchange.of(args.key.peer()))
    })
}

fn drain(args: DrainArgs, owner: String, token: String) -> v1::DrainRequest {
    let DrainArgs { drained: DrainedArgs { node, of_owner }, delay_s, keep_announced, .. } = args;
    let DrainArgs { shut_sessions, shutdown_message, .. } = args;
    let request = v1::DrainRequest { owner, token, node, of_owner, delay_s, keep_announced, ..Default::default() };
    v1::DrainRequest { shut_sessions, shutdown_message, ..request }
}

fn advertise(args: AdvertiseArgs, owner: String, token: String) -> v1::AdvertisePrefixRequest {
    let zero = |value: &u32| *value == 0;
    let attributes = v1::PrefixAttributes {
        local_preference: args.local_pref.unwrap_or_default(),
        communities: args.communities,
        med: args.med.unwrap_or_default(),
        next_hop: args.next_hop.unwrap_or_default(),
        // Zero in the old fields means "not set"; these say that it is meant.
        local_pref: args.local_pref.filter(zero),
        multi_exit_disc: args.med.filter(zero),
        large_communities: args.large_communities,
        extended_communities: args.extended_communities,
        as_path_prepend: args.as_path_prepend,
        origin: args.origin.unwrap_or_default(),
        peers: args.peers,
    };
    // OSPF takes no attributes, so they are only sent where one was given.
    let attributes = (attributes != v1::PrefixAttributes::default()).then_some(attributes);
    v1::AdvertisePrefixRequest {
        owner,
        token,
        prefix: args.prefix,
        protocol: args.protocol,
        attributes,
        ..Default::default()
    }
}

fn enable_bfd(args: EnableBfdArgs, owner: String, token: String) -> v1::EnableBfdRequest {
    v1::EnableBfdRequest {
        owner,
        token,
        peer_address: args.peer,
        min_rx_ms: args.min_rx,
        min_tx_ms: args.min_tx,
        detect_multiplier: args.detect_multiplier,
        interface_name: args.interface,
        multihop: args.multihop,
        source_address: args.source_address,
        ..Default::default()
    }
}

fn enable_ospf(args: EnableOspfArgs, owner: String, token: String) -> Result<v1::EnableOspfRequest, Failure> {
    Ok(v1::EnableOspfRequest {
        owner,
        token,
        interface_name: args.interface,
        area_id: args.area,
        passive: args.passive,
        cost: args.cost,
        hello_interval: args.hello_interval,
        dead_interval: args.dead_interval,
        network_type: args.network_type.unwrap_or_default(),
        priority: args.priority,
        authentication: args.authentication.unwrap_or_default(),
        authentication_key_id: args.authentication_key_id,
        authentication_key: secret(args.authentication_key, args.authentication_key_file)?,
        area_type: args.area_type.unwrap_or_default(),
        bfd_enabled: args.bfd,
        bfd_min_rx_ms: args.bfd_timers.bfd_min_rx,
        bfd_min_tx_ms: args.bfd_timers.bfd_min_tx,
        bfd_detect_multiplier: args.bfd_timers.bfd_detect_multiplier,
        ..Default::default()
    })
}
