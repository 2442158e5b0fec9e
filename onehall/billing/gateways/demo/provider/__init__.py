"""A payment company of our own, in a process of its own: hosted pages, two interfaces, webhooks, and knobs to break it."""
