"""The logs and lease files of dhcpd: line shapes, what each line means, folding, merging and filtering. Pure."""
