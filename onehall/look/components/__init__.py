"""The parts of a page as tags. Every signature is keyword-only and checked: a misspelt word is an error, not a gap."""
