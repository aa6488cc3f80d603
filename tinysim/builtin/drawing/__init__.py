"""Drawing small colour pictures of things, with arithmetic that is exact everywhere."""
