"""What makes documents, pictures, figures and the wheel under test; not part of the program."""
