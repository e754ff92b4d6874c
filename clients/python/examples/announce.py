"""Announces prefixes as long as it runs: announce.py SOCKET OWNER TOKEN_FILE PREFIX...

The agent may be started again meanwhile: no peer notices. When this program ends by Ctrl-C its prefixes go at once, and when
it is killed, once its lease and the agent's grace are over.
"""

import pathlib
import signal
import sys

import novaroute


def main() -> None:
    if len(sys.argv) < 4:
        raise SystemExit("usage: announce.py SOCKET OWNER TOKEN_FILE PREFIX...")
    socket, owner, token_file, *prefixes = sys.argv[1:]
    wanted = [novaroute.prefix(prefix) for prefix in prefixes]
    session = novaroute.Session(socket, owner, pathlib.Path(token_file), wanted, lease_s=10, instance="announce.py")
    for key, why in session.settled().refused.items():
        print(f"{key[1]} was not taken: {why}", file=sys.stderr)
    signal.sigwait([signal.SIGINT])
    session.end(withdraw_all=True)


if __name__ == "__main__":
    # Before there are threads, so that none of them gets it.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    main()
