"""Pictures of places with things and people in them, drawn with exact arithmetic.

They know no data set and no label.
"""
