"""The files of a submission tree: read and written in the formats of the EEMBC runner."""
