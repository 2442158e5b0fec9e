"""What the set-up pages of the desk share: who may come in, their tabs, and forms over the files of a pack."""
