"""Prints how things are and then what happens, over restarts of the agent: follow.py SOCKET"""

import sys

import novaroute
from novaroute.v1 import route_control_pb2 as v1


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit("usage: follow.py SOCKET")
    for event in novaroute.Events(sys.argv[1], snapshot=True):
        print(event.sequence, v1.EventType.Name(event.type), event.detail, flush=True)


if __name__ == "__main__":
    main()
