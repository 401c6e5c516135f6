"""Which view stands in the place of logs and prompt: one at a time, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from textual.widget import Widget

from dhcptui.ui.views.view import View

Kind = TypeVar("Kind", bound=View)


class ViewSwitcher:
    """Opens and closes views; nothing in a prompt that one hides is lost."""

    def __init__(self, views: Iterable[View], *, changed: Callable[[], None]) -> None:
        """`changed`: called when another one, or the same one again, is shown."""
        self._views: dict[type[View], View] = {type(view): view for view in views}
        self._changed = changed
        self.current: View | None = None

    def __iter__(self) -> Iterator[View]:
        return iter(self._views.values())

    def __getitem__(self, kind: type[Kind]) -> Kind:
        view = self._views[kind]
        assert isinstance(view, kind)  # noqa: S101 - for the type checker
        return view

    @property
    def widgets(self) -> list[Widget]:
        """The widget of each view; one that several share once."""
        return list(dict.fromkeys(view.widget for view in self))

    def arrange(self) -> None:
        """Only what is open is displayed."""
        shown = self.current.widget if self.current else None
        for widget in self.widgets:
            widget.display = widget is shown

    def show(self, view: View | None) -> None:
        """This view instead of what is open; None: what it hides."""
        self.current = view
        self._changed()

    def reopen(self) -> None:
        """The same again, without what was only a while in front of it: a search, an explanation."""
        self.show(self.current)

    def toggle(self, kind: type[View]) -> None:
        """Open a view, or close it."""
        view = self[kind]
        if self.current is view:
            self.show(None)
        else:
            self.show(view)
            view.open()

    def renew(self) -> None:
        """What is open shows what is known now."""
        if self.current is not None:
            self.current.renew()
