"""Files that are no photos: told apart by their bytes, bounded, PDFs written anew without what can act."""

from onehall.kernel.papers.intake import MAX_BYTES, AcceptedPaper, accept, first_page
from onehall.kernel.papers.refusals import PaperRefused
from onehall.kernel.papers.sniffing import kind_of

__all__ = ["MAX_BYTES", "AcceptedPaper", "PaperRefused", "accept", "first_page", "kind_of"]
