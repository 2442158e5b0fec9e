"""How everything looks: components, styles, icons and page frames."""
