use super::*;

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(HEADER_BYTES + body.len()).unwrap();
    [&MARKER[..], &length.to_be_bytes(), &[kind], body].concat()
}

/// A frame from 10.0.1.`from`, port 179, with Ethernet padding behind it.
fn ipv4_frame(from: u8, sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let total = u16::try_from(40 + payload.len()).unwrap();
    let ip = [&[0x45, 0][..], &total.to_be_bytes(), &[0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 1, from, 10, 0, 1, 9]].concat();
    [&[0; 12][..], &[0x08, 0x00], &ip, &tcp_segment(sequence, flags, payload), &[0; 6]].concat()
}

fn ipv6_frame(sequence: u32, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).unwrap();
    let mut ip = [&[0x60, 0, 0, 0][..], &length.to_be_bytes(), &[6, 64]].concat();
    ip.extend([[0xfd; 16], [0xfe; 16]].concat());
    [&[0; 12][..], &[0x86, 0xdd], &ip, &tcp_segment(sequence, ACK, payload)].concat()
}

fn tcp_segment(sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let ports = [0, 179, 0xc0, 0x00];
    [&ports[..], &sequence.to_be_bytes(), &[0; 4], &[0x50, flags], &[0; 6], payload].concat()
}

/// A file whose frames are one second apart, from second 1 on.
fn file(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    for field in [0xa1b2_c3d4, 0, 0, 0, 262_144, 1_u32] {
        file.extend(field.to_ne_bytes());
    }
    for (second, frame) in (1_u32..).zip(frames) {
        let length = u32::try_from(frame.len()).unwrap();
        for field in [second, 500_000, length, length] {
            file.extend(field.to_ne_bytes());
        }
        file.extend(frame);
    }
    file
}

fn kinds_and_seconds(frames: &[Vec<u8>]) -> Vec<(MessageKind, u64)> {
    let messages = messages(&file(frames)).unwrap();
    messages.iter().map(|message| (message.kind, message.time.as_secs())).collect()
}

#[test]
fn finds_all_types_in_one_segment() {
    let all: Vec<u8> = (1..=5).flat_map(|kind| message(kind, &[7; 30])).collect();
    let found = messages(&file(&[ipv4_frame(1, 100, ACK, &all)])).unwrap();
    let kinds: Vec<_> = found.iter().map(|message| message.kind).collect();
    use MessageKind::{Keepalive, Notification, Open, RouteRefresh, Update};
    assert_eq!(kinds, [Open, Update, Notification, Keepalive, RouteRefresh]);
    assert_eq!(found[1].bytes, message(2, &[7; 30]));
    assert_eq!(found[1].source, "10.0.1.1:179".parse().unwrap());
    assert_eq!(found[1].destination, "10.0.1.9:49152".parse().unwrap());
    assert_eq!(found[1].time, Duration::from_millis(1500));
}

#[test]
fn a_message_over_several_segments_counts_once_though_sent_twice_and_out_of_order() {
    let update = message(2, &[1; 100]);
    let (head, tail) = update.split_at(50);
    let start = u32::MAX - 20;
    let frames = [
        ipv4_frame(1, start.wrapping_sub(1), SYN, &[]),
        ipv4_frame(1, start.wrapping_add(50), ACK, tail),
        ipv4_frame(1, start, ACK, head),
        ipv4_frame(1, start, ACK, &update),
    ];
    assert_eq!(kinds_and_seconds(&frames), [(MessageKind::Update, 3)]);
}

#[test]
fn a_capture_from_the_middle_starts_at_the_next_header() {
    let bytes = [&[0xff, 1, 2, 0xff, 0xff][..], &message(4, &[])].concat();
    assert_eq!(kinds_and_seconds(&[ipv4_frame(1, 9, ACK, &bytes)]), [(MessageKind::Keepalive, 1)]);
}

#[test]
fn ports_that_are_used_again_make_a_new_stream() {
    let frames = [
        ipv4_frame(1, 1000, SYN, &[]),
        ipv4_frame(1, 1001, ACK, &message(1, &[0; 10])),
        ipv4_frame(1, 500, SYN, &[]),
        ipv4_frame(1, 500, SYN, &[]),
        ipv4_frame(1, 501, ACK, &message(1, &[0; 10])),
    ];
    assert_eq!(kinds_and_seconds(&frames), [(MessageKind::Open, 2), (MessageKind::Open, 5)]);
}

#[test]
fn reads_both_families_and_passes_over_the_rest() {
    let mut arp = ipv4_frame(1, 1, ACK, &[]);
    arp[13] = 0x06;
    let mut udp = ipv4_frame(1, 1, ACK, &message(2, &[]));
    udp[14 + 9] = 17;
    let frames = [arp, udp, vec![0; 5], ipv6_frame(1, &message(2, &[0; 4])), ipv4_frame(2, 1, ACK, &message(4, &[]))];
    let found = messages(&file(&frames)).unwrap();
    assert_eq!(found.len(), 2);
    assert!(found[0].source.is_ipv6() && found[0].is_end_of_rib_ipv4());
    assert!(!found[1].is_end_of_rib_ipv4());
}

#[test]
fn a_file_that_is_being_written_ends_at_its_last_whole_record() {
    let frames = [ipv4_frame(1, 1, ACK, &message(4, &[])), ipv4_frame(1, 20, ACK, &message(4, &[]))];
    let whole = file(&frames);
    for length in 0..whole.len() {
        let found = messages(&whole[..length]).unwrap();
        assert!(found.len() <= 1, "{length}");
    }
    assert_eq!(messages(&whole).unwrap().len(), 2);
}

#[test]
fn refuses_what_is_no_capture_of_ethernet() {
    assert!(messages(&[1; 24]).unwrap_err().to_string().contains("magic"));
    let mut raw = file(&[]);
    raw[20..24].copy_from_slice(&101_u32.to_ne_bytes());
    assert!(messages(&raw).unwrap_err().to_string().contains("link type 101"));
}
