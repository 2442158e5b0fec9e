"""`{% load look %}`: every part of a page as a tag with a checked signature."""

from django.template import Library

from onehall.look.components import blocks, charts, larger, small

register = Library()
for part in (small, blocks, larger, charts):
    register.tags.update(part.register.tags)
    register.filters.update(part.register.filters)
