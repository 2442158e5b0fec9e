"""What the city offers: services with their questions and promises, and the flows that work them."""
