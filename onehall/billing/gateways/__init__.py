"""Payment providers: a folder for each, behind the protocol in `protocol`."""
