"""The doorframe: settings and addresses, no logic."""
