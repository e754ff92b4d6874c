//! Hostile text.

/// What no field takes: appended to a value that would be fine, and alone.
pub(crate) const NEVER: [&str; 20] = [
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\t",
    "\u{b}",
    "\u{1b}[31m",
    "\u{7f}",
    "\u{85}",
    "\nno router bgp 65001",
    "\n!\nrouter bgp 1\n",
    "\0no router bgp 65001",
    "\rexit",
    "|include x",
    "\u{200b}",
    "\u{2028}no router bgp 65001",
    "\u{202e}",
    "\u{2066}",
    "\u{feff}",
    "  ",
];

/// What looks like a command or a comment, an option, another kind of value. It stands in free text and nowhere else.
pub(crate) const WORDS: [&str; 19] = [
    "no router bgp 65001",
    "router bgp 1",
    "10.0.0.9 remote-as 1",
    "! comment",
    "# comment",
    "? show version",
    "50% off",
    "% Unknown command",
    "\"quoted\" 'text'",
    "end; exit",
    "$(reboot) `reboot` ${HOME}",
    "back\\slash \\n \\x00",
    "<script>&amp;</script>",
    "../../etc/passwd",
    "--config /etc/frr/frr.conf",
    "line vty",
    "Zürich 東京 🚀",
    "١٢٣",
    "a=b&c,d",
];

/// Bytes that are no text at all (Unicode 15 §3.9): a lone byte, an overlong form, a surrogate, one cut in the middle.
pub(crate) const NOT_UTF8: [&[u8]; 5] = [b"\xff", b"10.0.1.2\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"eth0\xe2\x82"];

/// Length of what is too long for every field, in bytes.
pub(crate) const LONG_BYTES: usize = 64 << 10;
