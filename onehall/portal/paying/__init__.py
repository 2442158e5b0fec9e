"""What a resident sees of paying: finding a bill, the bills chosen, leaving for the provider, coming back."""
