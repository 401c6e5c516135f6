"""What is shown in the place of logs and prompt: one view a file, all of them in `catalogue`."""
