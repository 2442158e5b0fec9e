"""The demo provider, with a gateway for it: payments as of another company, where no money moves."""
