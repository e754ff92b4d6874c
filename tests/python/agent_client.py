"""A client of the agent, made from the proto file when a test runs."""

import contextlib
import importlib
import pathlib
import queue
import sys
import threading
import time

import grpc
from grpc_tools import protoc

PROTO_ROOT = pathlib.Path(__file__).resolve().parents[2] / "proto"
PROTO_FILE = "novaroute/v1/route_control.proto"
EVENT_TIMEOUT_S = 10


def connect(socket):
    """A channel to the agent behind the Unix socket, with no option set."""
    return grpc.insecure_channel(f"unix:{socket}")


def generate(into):
    """Generates the stubs into the folder `into` and imports them."""
    arguments = ["protoc", f"-I{PROTO_ROOT}", f"--python_out={into}", f"--grpc_python_out={into}"]
    if protoc.main([*arguments, str(PROTO_ROOT / PROTO_FILE)]) != 0:
        raise SystemExit("the proto file does not compile")
    sys.path.insert(0, into)
    return (
        importlib.import_module("novaroute.v1.route_control_pb2"),
        importlib.import_module("novaroute.v1.route_control_pb2_grpc"),
    )


def equal(what, seen, expected):
    """Fails with both values if they differ."""
    if seen != expected:
        raise AssertionError(f"{what}: {seen!r}, expected {expected!r}")


def only(what, items):
    """The one item of `items`."""
    equal(f"number of {what}", len(items), 1)
    return items[0]


@contextlib.contextmanager
def refused(code):
    """The block ends with the gRPC error `code`; yields a list that gets it."""
    errors = []
    try:
        yield errors
    except grpc.RpcError as error:
        equal("code", error.code(), code)
        errors.append(error)
    if not errors:
        raise AssertionError(f"accepted, expected {code}")


class Events:
    """Reads the event stream in the background."""

    def __init__(self, stub, pb, **filters):
        self.pb = pb
        self.seen = []
        self.arrived = queue.Queue()
        self.call = stub.StreamEvents(pb.StreamEventsRequest(**filters))
        # The agent answers with headers once the subscription exists.
        self.call.initial_metadata()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with contextlib.suppress(grpc.RpcError):
            for event in self.call:
                self.arrived.put(event)

    def expect(self, name):
        """Waits for an event of the type `name` and returns it."""
        wanted = self.pb.EventType.Value(f"EVENT_TYPE_{name}")
        deadline = time.monotonic() + EVENT_TIMEOUT_S
        while True:
            try:
                event = self.arrived.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                types = [self.pb.EventType.Name(event.type) for event in self.seen]
                raise AssertionError(f"no {name} event, but {types}") from None
            self.seen.append(event)
            if event.type == wanted:
                return event

    def close(self):
        """Ends the stream, as a client does that has seen enough."""
        self.call.cancel()
