"""Every view there is. A new one has its row here; its command's key opens it."""

from __future__ import annotations

from typing import Final

from dhcptui.ui.views.command_log import CommandLogView
from dhcptui.ui.views.configuration import ConfigurationView
from dhcptui.ui.views.drills import DrillsView, ReviewView, WhatHappenedView
from dhcptui.ui.views.help import HelpView
from dhcptui.ui.views.incident import IncidentView
from dhcptui.ui.views.lease import LookUpView
from dhcptui.ui.views.merged_log import MergedLogView
from dhcptui.ui.views.network import NetworkView
from dhcptui.ui.views.palette import PaletteView
from dhcptui.ui.views.pools import PoolsView
from dhcptui.ui.views.timeline import TimelineView
from dhcptui.ui.views.view import View

VIEWS: Final[tuple[type[View], ...]] = (
    MergedLogView,
    TimelineView,
    CommandLogView,
    IncidentView,
    NetworkView,
    PoolsView,
    LookUpView,
    ConfigurationView,
    HelpView,
    PaletteView,
    DrillsView,
    WhatHappenedView,
    ReviewView,
)
