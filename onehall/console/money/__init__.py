"""What the pages of money show, put into words."""
