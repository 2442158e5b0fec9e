"""Read models: figures over many cases. Reads, never writes."""
