"""Planting: channels, routes and placements. An intended placement is stored before it leaves."""

from .channels import Channels
from .names import slug
from .placements import NewPlacement, Placements
from .routes import Routes
from .tracking import Tracked

__all__ = ["Channels", "NewPlacement", "Placements", "Routes", "Tracked", "slug"]
