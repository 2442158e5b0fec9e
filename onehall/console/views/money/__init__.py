"""Pages about money: bills, the counter, refunds, the day, the books."""
