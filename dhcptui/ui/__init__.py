"""The screen. Importing this package costs nothing: textual is imported by `ui.run`, after its switches are set."""
