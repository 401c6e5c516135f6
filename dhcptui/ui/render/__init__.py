"""Values -> cells."""
