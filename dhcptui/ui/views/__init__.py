"""What is shown in the place of the panes, or above them: one view a file."""
