"""Drawing small colour pictures of things, with arithmetic that is exact everywhere.

It knows no data set and no label.
"""
