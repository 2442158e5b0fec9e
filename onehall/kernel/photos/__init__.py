"""Photos from residents and crews: checked, turned upright, shrunk and stripped before anything else sees them."""

from onehall.kernel.photos.intake import MAX_BYTES, AcceptedPhoto, accept
from onehall.kernel.photos.picture import Variants, variants
from onehall.kernel.photos.redaction import redact
from onehall.kernel.photos.refusals import REASONS, PhotoRefused

__all__ = [
    "MAX_BYTES",
    "REASONS",
    "AcceptedPhoto",
    "PhotoRefused",
    "Variants",
    "accept",
    "redact",
    "variants",
]
