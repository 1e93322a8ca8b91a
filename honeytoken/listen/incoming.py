"""From what a mail tells of to what the writer stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ..contacts import Received
from ..gateways import Delivery, Heartbeat, MailGateway
from ..gateways.bodies import storable
from .writer import Writer


def incoming(
    reports: Sequence[Delivery | Heartbeat],
    *,
    gateway: MailGateway,
    writer: Writer,
    received_at: datetime,
    headers: Mapping[str, str],
    body: bytes,
) -> list[Received]:
    """Return what is to be stored of one mail; signs of life are noted on the way.

    Args:
        reports: as the gateway read them.
        gateway: that read them.
        writer: that notes which phones were heard of.
        received_at: when the mail arrived.
        headers: of the envelope, kept with the event.
        body: the mail as it came.
    """
    kept = {name: storable(value) for name, value in headers.items()}
    for report in reports:
        if isinstance(report, Heartbeat) or report.device is not None:
            writer.beat(gateway.name, report.device or "")
    return [
        Received(
            delivery=report,
            region=gateway.region,
            received_at=received_at,
            headers=kept,
            body=body,
        )
        for report in reports
        if isinstance(report, Delivery)
    ]
