"""Why a call did not do what was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

MAY_PASS = {
    grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED,
    grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED,
}


@dataclass(frozen=True)
class FieldViolation:
    """A field of the request that cannot be what it says, by its path in the proto file."""

    field: str
    description: str


@dataclass
class CallError(Exception):
    """A call that did not do what was asked."""

    code: grpc.StatusCode
    message: str

    def __str__(self) -> str:
        return f"{self.code.name}: {self.message}"

    def may_pass(self) -> bool:
        """Whether the same call may do better in a moment."""
        return self.code in MAY_PASS


@dataclass
class Broken(CallError):
    """There was no answer of the agent: whether it accepted the call is not known."""

    __str__ = CallError.__str__


@dataclass
class Refused(CallError):
    """The agent answered, and said no."""

    reason: str = ""
    """One stable word, as docs/errors.md lists them."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """The case at hand."""
    fields: tuple[FieldViolation, ...] = ()
    """The fields at fault."""

    @property
    def holder(self) -> str | None:
        """The owner that holds what was asked for, where that is why it was refused."""
        return self.metadata.get("holder")

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


@contextmanager
def typed() -> Iterator[None]:
    """Turns what gRPC raises into `Refused` or `Broken`."""
    try:
        yield
    except grpc.RpcError as error:
        raise from_grpc(error) from error


def from_grpc(error: grpc.RpcError) -> CallError:
    """The agent gives a reason for everything that it refuses; without one, the transport speaks."""
    code, message = error.code(), error.details() or ""
    status = rpc_status.from_call(error)
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details if status else []:
        detail.Unpack(info) or detail.Unpack(bad)
    if not info.reason:
        return Broken(code, message)
    fields = tuple(FieldViolation(fault.field, fault.description) for fault in bad.field_violations)
    return Refused(code, message, info.reason, dict(info.metadata), fields)
