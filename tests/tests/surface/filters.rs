//! Filters of the event stream.

use novaroute_e2e::config::{CNI, LB};
use novaroute_e2e::events::Events;
use novaroute_e2e::refusal::Refusal;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::v1::EventType;
use novaroute_e2e::{on_each_frr, request, v1};
use tonic::Code;

on_each_frr! {
    /// By owner and by type, the type in any spelling; what passes has the numbers of the whole stream.
    async fn streams_carry_what_was_asked_for(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        let mut all = Events::open(&mut client, "", &[]).await?;
        let mut of_lb = Events::open(&mut client, LB, &[]).await?;
        let mut spelled = Vec::new();
        for spelling in ["OWNER_DEREGISTERED", "Owner_deregistered", "EVENT_TYPE_OWNER_DEREGISTERED", "12"] {
            spelled.push(Events::open(&mut client, "", &[spelling]).await?);
        }
        let mut both = Events::open(&mut client, CNI, &["owner_registered", "12"]).await?;
        for owner in [CNI, LB] {
            client.register(request::register(owner)).await?;
            client.deregister(request::deregister(owner, false)).await?;
        }
        let mut numbers = Vec::new();
        for (owner, event_type) in [
            (CNI, EventType::OwnerRegistered),
            (CNI, EventType::OwnerDeregistered),
            (LB, EventType::OwnerRegistered),
            (LB, EventType::OwnerDeregistered),
        ] {
            let what = format!("{event_type:?} of {owner}");
            let event = all.expect_that(&what, |event| event.owner == owner && event.r#type() == event_type).await?;
            numbers.push(event.sequence);
        }
        all.check_sequence()?;
        let of = |event: v1::RouteEvent| (event.owner.clone(), event.sequence);
        assert_eq!([of(of_lb.next().await?), of(of_lb.next().await?)], [(LB.into(), numbers[2]), (LB.into(), numbers[3])]);
        for stream in &mut spelled {
            assert_eq!(of(stream.next().await?), (CNI.into(), numbers[1]));
            assert_eq!(of(stream.next().await?), (LB.into(), numbers[3]));
        }
        assert_eq!([of(both.next().await?).1, of(both.next().await?).1], [numbers[0], numbers[1]]);
        Ok(())
    }
}

on_each_frr! {
    /// A type that does not exist is refused with its place in the list; a stream on nothing would look healthy for ever.
    async fn unknown_types_are_refused_by_their_place(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        for unknown in ["PEER", "0", "15", "99", "-1", "", "PEER_UP,PEER_DOWN", "EVENT_TYPE_UNSPECIFIED", "1.0", "0x1"] {
            let event_types = vec!["PEER_UP".to_owned(), unknown.to_owned()];
            let request = v1::StreamEventsRequest { event_types, ..Default::default() };
            let Err(status) = client.stream_events(request).await else { anyhow::bail!("took {unknown:?}") };
            let refusal = Refusal::of(&status)?.expect(Code::InvalidArgument, "INVALID_FIELD")?;
            assert_eq!(refusal.fields, ["event_types[1]"], "{unknown:?}");
        }
        Ok(())
    }
}
