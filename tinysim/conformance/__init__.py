"""What makes a results tree conformant, as plain functions that return findings."""
